//! What is going on when somebody is killed.

use serde::{Deserialize, Serialize};

/// A job, and the state of the cache before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum SceneKind {
    /// `run`, its schema cached.
    Cached,
    /// `run` with no image in the cache: initdb, migrations, saving.
    Cold,
    /// `up`.
    UpStart,
    /// `run` on a server that `up` keeps.
    OnUp,
    /// `down`.
    Down,
}

impl SceneKind {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Cached, Self::Cold, Self::UpStart, Self::OnUp, Self::Down];

    /// Whether a service has to run before.
    pub(crate) const fn needs_service(self) -> bool {
        matches!(self, Self::OnUp | Self::Down)
    }

    /// Its word in the report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Cached => "cached",
            Self::Cold => "cold",
            Self::UpStart => "up",
            Self::OnUp => "on-up",
            Self::Down => "down",
        }
    }
}
