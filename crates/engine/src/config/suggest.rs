//! "Did you mean": the nearest known word, or none.

/// The candidate nearest to `word`, if it is near enough to be a slip of the
/// keyboard: at most a third of the letters wrong, and never more than three.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    let bound = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= bound)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["server", "storage", "seeds", "idle_timeout"];
        for (word, expected) in [
            ("sever", Some("server")),
            ("Server", Some("server")),
            ("stroage", Some("storage")),
            ("idle-timeout", Some("idle_timeout")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
