//! What the server said, as far as it may be told: no row value is.

/// What may be told of the server's message. Those of data exceptions quote the
/// value, but for a text that is too long (22001). What functions and triggers
/// raise, with P0001 or a state of their own, is written for people, and often
/// built of values: what looks like one is left out.
pub(crate) fn safe(state: &str, message: &str) -> Option<String> {
    // The manual's appendix A: classes of the server's own errors.
    const OWN: [&str; 17] = [
        "08", "0A", "23", "25", "26", "28", "2B", "2D", "3D", "3F", "40", "42", "53", "54", "55",
        "57", "XX",
    ];
    match state.get(..2).unwrap_or_default() {
        "22" => (state == "22001").then(|| message.to_owned()),
        class if OWN.contains(&class) => Some(message.to_owned()),
        _ => Some(without_values(message)),
    }
}

/// A message without what is quoted, words with digits, and addresses.
fn without_values(message: &str) -> String {
    let mut bare = String::new();
    let mut quoted = None;
    let mut before = ' ';
    for letter in message.chars() {
        match quoted {
            Some(quote) if letter == quote => quoted = None,
            Some(_) => {}
            // Not an apostrophe within a word.
            None if "\"'`".contains(letter) && !before.is_alphanumeric() => {
                bare.push('…');
                quoted = Some(letter);
            }
            None => bare.push(letter),
        }
        before = letter;
    }
    let is_value = |word: &&str| word.contains(|letter: char| letter == '@' || letter.is_numeric());
    let words = bare.split(' ').map(|word| if is_value(&word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
