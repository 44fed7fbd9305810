//! The locales values are made in. Each is complete: nothing is taken from
//! another one.

use std::fmt;
use std::str::FromStr;

use crate::unknown::Unknown;

/// A language as written in a country.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Locale {
    /// English, United States.
    #[default]
    EnUs,
    /// English, United Kingdom.
    EnGb,
    /// Spanish, Spain.
    EsEs,
    /// German, Germany.
    DeDe,
    /// French, France.
    FrFr,
    /// Italian, Italy.
    ItIt,
    /// Portuguese, Brazil.
    PtBr,
    /// Dutch, Netherlands.
    NlNl,
    /// Polish, Poland.
    PlPl,
    /// Japanese, Japan.
    JaJp,
}

impl Locale {
    /// Every locale.
    pub const ALL: [Self; 10] = [
        Self::EnUs,
        Self::EnGb,
        Self::EsEs,
        Self::DeDe,
        Self::FrFr,
        Self::ItIt,
        Self::PtBr,
        Self::NlNl,
        Self::PlPl,
        Self::JaJp,
    ];

    /// The word in definition files: language, underscore, country.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::EnUs => "en_US",
            Self::EnGb => "en_GB",
            Self::EsEs => "es_ES",
            Self::DeDe => "de_DE",
            Self::FrFr => "fr_FR",
            Self::ItIt => "it_IT",
            Self::PtBr => "pt_BR",
            Self::NlNl => "nl_NL",
            Self::PlPl => "pl_PL",
            Self::JaJp => "ja_JP",
        }
    }

    /// The locale with this word; `de-DE` is as good as `de_DE`.
    ///
    /// # Errors
    /// No such locale; the nearest one is named.
    pub fn from_word(word: &str) -> Result<Self, Unknown> {
        Self::ALL
            .into_iter()
            .find(|locale| word.len() == 5 && word.replace('-', "_") == locale.word())
            .ok_or_else(|| Unknown::new("locale", word, Self::ALL.map(Self::word)))
    }

    /// ISO 639-1 code of the language.
    #[must_use]
    pub fn language(self) -> &'static str {
        &self.word()[..2]
    }

    /// ISO 3166-1 code of the country.
    #[must_use]
    pub fn country_code(self) -> &'static str {
        &self.word()[3..]
    }
}

impl FromStr for Locale {
    type Err = Unknown;

    fn from_str(word: &str) -> Result<Self, Unknown> {
        Self::from_word(word)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_there_and_back() {
        for locale in Locale::ALL {
            assert_eq!(Locale::from_word(locale.word()), Ok(locale));
            assert_eq!(locale.word().replace('_', "-").parse(), Ok(locale));
            assert_eq!(format!("{}_{}", locale.language(), locale.country_code()), locale.word());
        }
    }

    #[test]
    fn a_slip_is_told_and_nonsense_is_not_guessed() {
        for (word, near) in [("de_de", "de_DE"), ("pt_PT", "pt_BR"), ("ja", "ja_JP")] {
            assert_eq!(Locale::from_word(word).unwrap_err().near, Some(near), "{word}");
        }
        let unknown = Locale::from_word("klingon").unwrap_err();
        assert_eq!(unknown.to_string(), "unknown locale `klingon`");
        let slip = Locale::from_word("en-us").unwrap_err();
        assert_eq!(slip.to_string(), "unknown locale `en-us`; did you mean `en_US`?");
    }
}
