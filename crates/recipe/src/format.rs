//! The conventions a recipe can follow, each with its stable word.

use std::fmt;
use std::str::FromStr;

use seedbed_api::{Failure, Kind};

/// Where a layer's steps come from and which conventions they follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A folder of numbered SQL files without bookkeeping.
    Sql,
    /// A folder of the sqlx migrator (`<VERSION>_<DESCRIPTION>.sql`).
    Sqlx,
    /// A folder of Diesel (`<version>_<name>/up.sql`).
    Diesel,
    /// A plain-text dump as `pg_dump` writes it.
    Dump,
    /// A command that builds the schema by itself.
    Command,
    /// Reference data on top of a schema.
    Seed,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] =
        [Self::Sql, Self::Sqlx, Self::Diesel, Self::Dump, Self::Command, Self::Seed];

    /// Stable word, as in `seedbed.toml` and in fingerprints.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Sqlx => "sqlx",
            Self::Diesel => "diesel",
            Self::Dump => "dump",
            Self::Command => "command",
            Self::Seed => "seed",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Format {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        Self::ALL.into_iter().find(|format| format.word() == text).ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.iter().map(|format| format.word()).collect();
            Failure::new(Kind::Recipe, format!("unknown recipe format `{text}`"))
                .hint(format!("use one of: {}", words.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for format in Format::ALL {
            assert_eq!(format.word().parse::<Format>().unwrap(), format);
        }
        assert_eq!("flyway".parse::<Format>().unwrap_err().kind(), Kind::Recipe);
    }
}
