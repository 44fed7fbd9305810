//! Lanes: how a lease goes back to a mark.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a lease goes back to a mark.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// The undo journal takes back what was touched; commits are real.
    Rewind,
    /// The database is replaced by a fresh clone of its template.
    Clone,
    /// Dirtied tables are emptied and their reference data put back.
    Truncate,
    /// The client keeps the test's single connection in a transaction; the
    /// service checks that nothing was committed.
    Rollback,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 4] = [Self::Rewind, Self::Clone, Self::Truncate, Self::Rollback];

    /// The word for it, in every surface.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rewind => "rewind",
            Self::Clone => "clone",
            Self::Truncate => "truncate",
            Self::Rollback => "rollback",
        }
    }
}

/// Which lane a client, a flag or the configuration wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LaneChoice {
    /// Chosen by rights, server version and evidence.
    #[default]
    Auto,
    /// Always rewind.
    Rewind,
    /// Always clone.
    Clone,
    /// Always truncate.
    Truncate,
    /// Always rollback.
    Rollback,
}

impl LaneChoice {
    /// Every choice with its word.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Auto, "auto"),
        (Self::Rewind, "rewind"),
        (Self::Clone, "clone"),
        (Self::Truncate, "truncate"),
        (Self::Rollback, "rollback"),
    ];

    /// The lane that was named; `None` for `auto`.
    #[must_use]
    pub const fn named(self) -> Option<Lane> {
        match self {
            Self::Auto => None,
            Self::Rewind => Some(Lane::Rewind),
            Self::Clone => Some(Lane::Clone),
            Self::Truncate => Some(Lane::Truncate),
            Self::Rollback => Some(Lane::Rollback),
        }
    }

    /// The choice with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(choice, _)| *choice)
    }
}
