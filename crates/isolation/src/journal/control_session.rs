//! The journal's own session, as others must know it.

use super::lease::Journal;

impl Journal {
    /// Process number of the journal's backend, to be spared where sessions
    /// of the database are ended.
    #[must_use]
    pub fn backend(&self) -> i32 {
        0
    }

    /// Whether the journal still has its connection. Without it, that the
    /// database cannot be rewound is not the test's doing.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        !self.control.session.is_closed()
    }
}
