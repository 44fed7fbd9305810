//! One line of a list: trimmed, in Unicode's normal form C, fit to be shown.

use unicode_normalization::UnicodeNormalization as _;

/// Most characters of an entry.
const LONGEST: usize = 40;

/// A text and, where the list has it, what stands beside it: a name's romaji, a
/// country's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) text: String,
    beside: Option<String>,
}

impl Entry {
    /// An entry with nothing beside it.
    pub(crate) fn new(text: &str) -> Self {
        Self { text: normal(text), beside: None }
    }

    /// An entry with something beside it.
    pub(crate) fn pair(text: &str, beside: String) -> Self {
        Self { text: normal(text), beside: Some(beside) }
    }

    /// A fact of our own: `text` or `text|beside`.
    pub(crate) fn own(line: &str) -> Self {
        match line.split_once('|') {
            Some((text, beside)) => Self::pair(text, beside.to_owned()),
            None => Self::new(line),
        }
    }

    /// Whether a list may hold it: neither empty nor long, no control
    /// characters, no template to be filled in.
    pub(crate) fn is_plain(&self) -> bool {
        let length = self.text.chars().count();
        (1..=LONGEST).contains(&length)
            && !self.text.chars().any(|c| c.is_control() || matches!(c, '{' | '}' | '#' | '?'))
    }

    /// What stands beside it.
    pub(crate) fn beside(&self) -> Option<&str> {
        self.beside.as_deref()
    }

    /// The first of the words that the entry is or has, whatever its capitals.
    pub(crate) fn says_any<'a>(&self, unwelcome: &'a [String]) -> Option<&'a str> {
        let text = self.text.to_lowercase();
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        let mut unwelcome = unwelcome.iter().map(String::as_str);
        unwelcome.find(|bad| *bad == text || words.contains(bad))
    }
}

/// Single spaces between words, one kind of apostrophe, composed.
fn normal(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('\u{2019}', "'").nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_normalised() {
        assert_eq!(Entry::new(" Jose\u{301} ").text, "José");
        assert_eq!(Entry::new("Nova \u{a0} Iorque").text, "Nova Iorque");
        assert_eq!(Entry::new("D\u{2019}Angelo").text, "D'Angelo");
        let own = Entry::own("健太|Kenta");
        assert_eq!((own.text.as_str(), own.beside()), ("健太", Some("Kenta")));
    }

    #[test]
    fn templates_controls_and_long_lines_are_refused() {
        for text in ["", "a\u{7}b", "{{name}}", "Box ##", "Dalvin??", &"x".repeat(LONGEST + 1)] {
            assert!(!Entry::new(text).is_plain(), "{text}");
        }
        assert!(Entry::new(&"ü".repeat(LONGEST)).is_plain());
    }

    #[test]
    fn unwelcome_is_a_whole_word_in_any_capitals() {
        let unwelcome = ["kill".to_owned(), "serial number".to_owned()];
        assert_eq!(Entry::new("Kill").says_any(&unwelcome), Some("kill"));
        assert_eq!(Entry::new("to kill time").says_any(&unwelcome), Some("kill"));
        assert_eq!(Entry::new("Serial Number").says_any(&unwelcome), Some("serial number"));
        assert_eq!(Entry::new("skill").says_any(&unwelcome), None);
    }
}
