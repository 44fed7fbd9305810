//! The emptier's own session, for those who share the database with it.

use seedbed_db::Session;

use super::emptier::Emptier;

impl Emptier {
    /// The control session. Nothing may be left open or set in it.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}
