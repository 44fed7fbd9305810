//! Names and words in the letters an address allows: lower-case ASCII letters
//! and digits. Marks are dropped after decomposition (NFD); letters that do
//! not decompose have their usual spelling.

use unicode_normalization::UnicodeNormalization;

use crate::locale::Locale;

/// Appends `text` as lower-case ASCII letters and digits; all else is left out.
pub(crate) fn write_ascii(text: &str, locale: Locale, out: &mut String) {
    for letter in text.nfc() {
        if locale == Locale::DeDe
            && let Some(spelling) = german(letter)
        {
            out.push_str(spelling);
            continue;
        }
        for part in std::iter::once(letter).nfd().flat_map(char::to_lowercase) {
            if part.is_ascii_alphanumeric() {
                out.push(part);
            } else {
                out.push_str(spelling(part));
            }
        }
    }
}

/// An umlaut is a vowel and an `e` in German, and a vowel with a mark elsewhere.
const fn german(letter: char) -> Option<&'static str> {
    match letter {
        'ä' | 'Ä' => Some("ae"),
        'ö' | 'Ö' => Some("oe"),
        'ü' | 'Ü' => Some("ue"),
        _ => None,
    }
}

const fn spelling(letter: char) -> &'static str {
    match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_their_bearers_do() {
        let table = [
            ("Müller", Locale::DeDe, "mueller"),
            ("Müller", Locale::EnUs, "muller"),
            ("Mu\u{308}ller", Locale::DeDe, "mueller"),
            ("Groß", Locale::DeDe, "gross"),
            ("Łukasz Żółć", Locale::PlPl, "lukaszzolc"),
            ("Nuñez-O’Connor", Locale::EsEs, "nunezoconnor"),
            ("François", Locale::FrFr, "francois"),
            ("Bjørn Æ. 2", Locale::NlNl, "bjornae2"),
            ("佐藤", Locale::JaJp, ""),
        ];
        for (name, locale, ascii) in table {
            let mut out = String::new();
            write_ascii(name, locale, &mut out);
            assert_eq!(out, ascii, "{name}");
        }
    }
}
