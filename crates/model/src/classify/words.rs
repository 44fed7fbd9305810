//! Words of a name.

/// The words of a name in lower case: `createdAt`, `created_at`, `CreatedAt`
/// are `created`, `at`. Signs of European languages are spelled plainly.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() {
            before = ' ';
            continue;
        }
        let begins = before == ' ' || (c.is_uppercase() && before.is_lowercase());
        if begins {
            found.push(String::new());
        }
        if let Some(word) = found.last_mut() {
            c.to_lowercase().for_each(|c| plain(c, word));
        }
        before = c;
    }
    found
}

fn plain(c: char, out: &mut String) {
    let text = match c {
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'á' | 'à' | 'â' | 'ã' | 'å' | 'ą' => "a",
        'é' | 'è' | 'ê' | 'ë' | 'ę' => "e",
        'í' | 'ì' | 'î' | 'ï' => "i",
        'ó' | 'ò' | 'ô' | 'õ' => "o",
        'ú' | 'ù' | 'û' => "u",
        'ç' | 'ć' => "c",
        'ñ' | 'ń' => "n",
        'ł' => "l",
        'ś' => "s",
        'ż' | 'ź' => "z",
        c => return out.push(c),
    };
    out.push_str(text);
}
