//! Whether factories may write into a database. It is ours, by a mark that names
//! it; or every signal says that it is for tests; or a person recorded their
//! consent to this very database. A name or a host alone proves nothing, and a
//! standby or a server that feeds one is refused whatever the database's mark
//! says and anybody recorded. What is ours may have any name and size.
//!
//! | signal | must be |
//! |---|---|
//! | host | near (loopback, a socket, a name without a dot), or in `allow_host` |
//! | name of the host | without a word such as `prod` or `live`, or in `allow_host` |
//! | name of the database | with the word `test`, without a word such as `prod` or `live` |
//! | size | at most 1 GiB |
//! | replication | none |
//!
//! Consent stands in for the name and the size of the database, for nothing else,
//! and `allow_host` for nothing but the host: behind a tunnel every database is
//! on this machine, and its name is what is left to judge by.

use std::fmt;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Session, Target};

use super::consent::{self, Consent};
use crate::config::{Config, FILE_NAME, Origin};

/// Words that say "for tests", between separators of a name.
const TEST_WORDS: &[&str] = &["test", "testing", "tests"];

/// Test databases are rarely larger, in bytes.
const LARGE_BYTES: u64 = 1 << 30;

/// What a database says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Whether it carries our mark.
    ours: bool,
    /// Whether the server follows another one.
    standby: bool,
    /// How many servers follow it, and slots that one follows by.
    followers: u64,
    /// Its size in bytes, if the role may ask.
    bytes: Option<u64>,
    /// What a consent names; `None` if the server does not tell.
    identity: Option<Consent>,
}

/// Why a database is not written.
#[derive(Debug, PartialEq, Eq)]
enum Doubt {
    /// Nobody can lift it.
    Standby,
    Followed(u64),
    /// Consent lifts it.
    Production(&'static str),
    Unnamed,
    Large(u64),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standby => f.write_str("its server is a standby of another one"),
            Self::Followed(count) => {
                write!(f, "{count} other servers replicate from its server, as from production")
            }
            Self::Production(word) => {
                write!(f, "the name of the database has the word `{word}`")
            }
            Self::Unnamed => f.write_str(
                "it was not made by Seedbed, and its name does not say that it is for tests",
            ),
            Self::Large(bytes) => write!(f, "it holds {} MB, much for tests", bytes >> 20),
        }
    }
}

impl Facts {
    /// Asks the server; changes nothing.
    ///
    /// # Errors
    /// `Database` if it does not answer.
    pub(super) async fn of(session: &Session, target: &Target) -> Result<Self> {
        let ours = seedbed_isolation::is_ours(session).await?;
        // pg_replication_slots and the rows of pg_stat_replication are anybody's
        // to see; only their columns are not.
        let row = session
            .rows(
                "SELECT pg_catalog.pg_is_in_recovery(), \
                   (SELECT count(*) FROM pg_catalog.pg_stat_replication) \
                     + (SELECT count(*) FROM pg_catalog.pg_replication_slots \
                        WHERE slot_type = 'physical' AND NOT active), \
                   pg_catalog.pg_database_size(oid), datname, oid \
                 FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()",
            )
            .await?
            .into_iter()
            .next()
            .unwrap_or_default();
        let [standby, followers, bytes, name, oid]: [Option<String>; 5] =
            row.try_into().unwrap_or_default();
        // Some hosts keep this function to themselves.
        let system = session
            .value("SELECT system_identifier FROM pg_catalog.pg_control_system()")
            .await
            .ok()
            .flatten();
        let identity = match (system, oid, name) {
            (Some(system), Some(oid), Some(name)) => {
                Some(Consent::to(target, &name, &system, &oid))
            }
            _ => None,
        };
        Ok(Self {
            ours,
            standby: standby.as_deref() == Some("t"),
            followers: followers.and_then(|count| count.parse().ok()).unwrap_or(0),
            bytes: bytes.and_then(|bytes| bytes.parse().ok()),
            identity,
        })
    }

    fn doubt(&self, name: &str) -> Option<Doubt> {
        if self.standby {
            return Some(Doubt::Standby);
        }
        if self.followers > 0 {
            return Some(Doubt::Followed(self.followers));
        }
        if self.ours {
            return None;
        }
        if let Some(word) = seedbed_isolation::production_word(name) {
            return Some(Doubt::Production(word));
        }
        if !has_test_word(name) {
            return Some(Doubt::Unnamed);
        }
        self.bytes.filter(|bytes| *bytes > LARGE_BYTES).map(Doubt::Large)
    }
}

/// Decides by the host alone, before anybody connects and a password goes out.
///
/// # Errors
/// `Refused` with the option to paste.
pub(super) fn judge_host(target: &Target, config: &Config) -> Result<()> {
    seedbed_isolation::judge_host(target, &config.allow_host.value)
}

/// Decides by what the database says about itself.
///
/// # Errors
/// `Refused` with the line that records consent, where consent is enough.
pub(super) fn judge(target: &Target, facts: &Facts, config: &Config) -> Result<()> {
    let Some(doubt) = facts.doubt(&target.database) else { return Ok(()) };
    let place = target.redacted();
    let failure = Failure::new(Kind::Refused, format!("nothing is written into {place}: {doubt}"));
    let consented = &config.consent.value;
    match (&doubt, &facts.identity) {
        (Doubt::Production(_) | Doubt::Unnamed | Doubt::Large(_), Some(identity)) => {
            if consented.iter().any(|text| identity.is(text)) {
                return Ok(());
            }
            // A file that cannot be read now was read a moment ago: it is as good as new.
            let file = config.file.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
            let line = match config.consent.origin {
                Origin::File(line) => Some(line),
                _ => None,
            };
            let record =
                consent::record(file.as_deref().unwrap_or_default(), line, consented, identity);
            Err(failure
                .detail(format!(
                    "If it is for development and you want factories to write into it, record \
                     that in {FILE_NAME}{}:",
                    record.place
                ))
                .hint(record.lines)
                .hint("seedbed run -- sh -c 'seedbed make …'   # a database of its own"))
        }
        _ => Err(failure.hint("seedbed run -- sh -c 'seedbed make …'   # a database of its own")),
    }
}

fn has_test_word(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphabetic());
    words.any(|word| TEST_WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Facts {
        Facts { bytes: Some(8 << 20), ..Facts::default() }
    }

    #[test]
    fn every_signal_must_be_right() {
        for (facts, name, doubt) in [
            (plain(), "app_test", None),
            (plain(), "test", None),
            (plain(), "Test-2", None),
            (plain(), "app_tests_4", None),
            (plain(), "app", Some(Doubt::Unnamed)),
            (plain(), "test_prod", Some(Doubt::Production("prod"))),
            (plain(), "Live-test", Some(Doubt::Production("live"))),
            (Facts { ours: true, ..plain() }, "live_test", None),
            (plain(), "contest", Some(Doubt::Unnamed)),
            (plain(), "latest_orders", Some(Doubt::Unnamed)),
            (plain(), "", Some(Doubt::Unnamed)),
            (Facts { bytes: Some(2 << 30), ..plain() }, "test", Some(Doubt::Large(2 << 30))),
            (Facts { bytes: None, ..plain() }, "test", None),
            (Facts { followers: 1, ..plain() }, "test", Some(Doubt::Followed(1))),
            (Facts { standby: true, ..plain() }, "test", Some(Doubt::Standby)),
            (Facts { ours: true, ..plain() }, "x", None),
            (Facts { ours: true, bytes: Some(2 << 30), ..plain() }, "x", None),
            (Facts { ours: true, followers: 1, ..plain() }, "x", Some(Doubt::Followed(1))),
            (plain(), "test_prodcopy", Some(Doubt::Production("prod"))),
            (plain(), "proddb_test", Some(Doubt::Production("prod"))),
            (Facts { ours: true, standby: true, ..plain() }, "x", Some(Doubt::Standby)),
        ] {
            assert_eq!(facts.doubt(name), doubt, "{name} {facts:?}");
        }
    }
}
