//! How a database shows that it is ours, and in which state.
//!
//! Three marks, because a process may be killed between any two statements:
//!
//! 1. `CREATE DATABASE … CONNECTION LIMIT 1397048644` ([`BORN`]): set by the
//!    statement that makes the database, so no database of ours is ever
//!    without a mark. Far above any real limit, it limits nothing.
//! 2. `COMMENT ON DATABASE … IS 'seedbed {…}'`: what it is. Comments of
//!    databases are shared and readable from any other database.
//! 3. Sealed (`IS_TEMPLATE true, ALLOW_CONNECTIONS false`): a template that is
//!    complete. Nothing but the end of a build sets both.
//!
//! A clone whose comment was rewritten to say that a person wants to keep it
//! ([`Marker::Kept`]) is no run's any more.
//!
//! A name alone proves nothing. The one exception: a database under a name of
//! ours, owned by the connecting role, that PostgreSQL itself calls invalid
//! (`datconnlimit = -2`, an interrupted DROP) holds nothing any more and the
//! server allows only one thing with it, to drop it again.

use seedbed_api::{Failure, Kind, Result};
use seedbed_recipe::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::roles::RoleRecord;

/// First mark of a database: `SEED` in ASCII as connection limit.
pub(crate) const BORN: i32 = 0x5345_4544;
/// `datconnlimit` of a database whose DROP was interrupted (from 13.12, 14.9,
/// 15.4 on).
pub(crate) const INVALID: i32 = -2;

const TEMPLATE_PREFIX: &str = "seedbed_t_";
const CLONE_PREFIX: &str = "seedbed_test_";
const KEPT_PREFIX: &str = "seedbed_kept_";
/// `NAMEDATALEN - 1`: the server cuts longer names off.
const NAME_BYTES_MAX: usize = 63;
const COMMENT_PREFIX: &str = "seedbed ";

/// The comment of a database of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Marker {
    /// A template, complete or being built.
    Template {
        /// What it was made from, 64 hexadecimal digits.
        fingerprint: String,
        /// Roles its recipe created, once it is complete.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<RoleRecord>,
    },
    /// A clone.
    Clone {
        /// The run it belongs to.
        run: String,
    },
    /// What a test left, set aside for a person.
    Kept(Keepsake),
}

/// What is known of a database that was kept. Every role of the server can
/// read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keepsake {
    /// The run it belonged to.
    pub run: String,
    /// The name it had: the slot's database.
    pub name: String,
    /// Identity of the test whose data it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// The project, as a person knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// When it was kept, in seconds since 1970-01-01 UTC.
    pub created_s: u64,
}

impl Marker {
    /// The comment's text.
    pub(crate) fn comment(&self) -> Result<String> {
        let json = serde_json::to_string(self)
            .map_err(|error| Failure::new(Kind::Bug, "cannot write a marker").because(error))?;
        Ok(format!("{COMMENT_PREFIX}{json}"))
    }

    /// Reads a comment; `None` if it is not ours.
    pub(crate) fn read(comment: &str) -> Option<Self> {
        serde_json::from_str(comment.strip_prefix(COMMENT_PREFIX)?).ok()
    }
}

/// Name of the template with this fingerprint.
#[must_use]
pub fn template_name(fingerprint: &Fingerprint) -> String {
    format!("{TEMPLATE_PREFIX}{}", fingerprint.short())
}

/// Name of a clone: `seedbed_test_<run>`, or `seedbed_test_<run>_<suffix>`.
///
/// # Errors
/// `Kind::Bug` if `run` is not made of lower-case letters and digits, which is
/// what lets a sweep read it out of the name, or if the name is too long.
pub fn clone_name(run: &str, suffix: &str) -> Result<String> {
    let name = match suffix {
        "" => format!("{CLONE_PREFIX}{run}"),
        suffix => format!("{CLONE_PREFIX}{run}_{suffix}"),
    };
    if run_in_name(&name) == Some(run) && name.len() <= NAME_BYTES_MAX {
        return Ok(name);
    }
    Err(Failure::new(Kind::Bug, format!("`{run}` and `{suffix}` do not make a database name")))
}

/// Name of a kept database: `seedbed_kept_<word>`.
///
/// # Errors
/// `Kind::Bug` if `word` is not made of lower-case letters, digits and `_`,
/// or if the name is too long.
pub fn kept_name(word: &str) -> Result<String> {
    let name = format!("{KEPT_PREFIX}{word}");
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !word.is_empty() && word.bytes().all(plain) && name.len() <= NAME_BYTES_MAX {
        return Ok(name);
    }
    Err(Failure::new(Kind::Bug, format!("`{word}` does not make a database name")))
}

/// Whether a name is one of [`kept_name`]'s.
pub(crate) fn is_kept_name(name: &str) -> bool {
    name.strip_prefix(KEPT_PREFIX).is_some_and(|word| kept_name(word).is_ok())
}

/// The run a clone's name belongs to.
pub(crate) fn run_in_name(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(CLONE_PREFIX)?;
    let run = rest.split('_').next()?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (!run.is_empty() && run.bytes().all(plain)).then_some(run)
}

/// The first 64 bits of the fingerprint in a template's name.
pub(crate) fn key_in_name(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(TEMPLATE_PREFIX)?;
    let lower = digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (digits.len() == 16 && lower).then(|| u64::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_back_and_nothing_else_is() {
        for marker in [
            Marker::Clone { run: "ab12".into() },
            Marker::Template { fingerprint: "00".into(), roles: Vec::new() },
            Marker::Kept(Keepsake {
                run: "ab12".into(),
                name: "seedbed_test_ab12_1".into(),
                test: Some("it's {odd}".into()),
                project: None,
                created_s: 1,
            }),
        ] {
            assert_eq!(Marker::read(&marker.comment().unwrap()), Some(marker));
        }
        for foreign in ["", "seedbed", "seedbed {}", "{\"kind\":\"clone\",\"run\":\"x\"}"] {
            assert_eq!(Marker::read(foreign), None, "{foreign}");
        }
        assert_eq!(
            Marker::Clone { run: "r1".into() }.comment().unwrap(),
            "seedbed {\"kind\":\"clone\",\"run\":\"r1\"}"
        );
    }

    #[test]
    fn names_say_whose_they_are() {
        assert_eq!(clone_name("r1", "").unwrap(), "seedbed_test_r1");
        assert_eq!(run_in_name(&clone_name("r1", "3").unwrap()), Some("r1"));
        assert!(clone_name("R1", "").is_err());
        assert!(clone_name("", "x").is_err());
        assert!(clone_name("a_b", "").is_err());
        assert!(clone_name("a", &"x".repeat(60)).is_err());
        assert_eq!(run_in_name("seedbed_testing"), None);
        assert_eq!(kept_name("a1_b").unwrap(), "seedbed_kept_a1_b");
        assert!(is_kept_name("seedbed_kept_a") && !is_kept_name("seedbed_kept_"));
        assert_eq!(run_in_name("seedbed_kept_a"), None);
        for word in ["", "A", "a-b", "a\"b", &"x".repeat(51)] {
            assert!(kept_name(word).is_err(), "{word}");
        }

        let fingerprint = Fingerprint::of("test", &[b"x"]);
        let name = template_name(&fingerprint);
        assert_eq!(key_in_name(&name), Some(crate::lock::template_key(&fingerprint)));
        assert_eq!(key_in_name("seedbed_t_0123456789ABCDEF"), None);
        assert_eq!(key_in_name("seedbed_t_01"), None);
    }
}
