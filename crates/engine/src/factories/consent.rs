//! Consent to write into a development database, as it stands in
//! `seedbed.toml`: `consent = ["localhost:5432/shop 7432101234567890123.16384"]`.
//! It names where the database is reached, its name, and the identity that the
//! server gave to its cluster and to the database, so that neither another
//! database behind the same URL nor the same name elsewhere is meant by it.

use seedbed_db::{Host, Target};

/// One database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Consent(String);

impl Consent {
    /// To a database with this name, in a cluster with this `system_identifier`,
    /// where it has this oid.
    pub(super) fn to(target: &Target, name: &str, system: &str, oid: &str) -> Self {
        let host = match &target.host {
            Host::Socket(folder) => folder.to_string_lossy().into_owned(),
            Host::Tcp(name) => name.to_ascii_lowercase(),
        };
        Self(format!("{host}:{}/{name} {system}.{oid}", target.port))
    }

    /// Whether a line of the file means this one.
    pub(super) fn is(&self, text: &str) -> bool {
        self.0 == text.trim()
    }
}

/// What to write into `seedbed.toml` so that this is consented to as well.
pub(super) fn consent_lines(present: &[String], new: &Consent) -> String {
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let all: Vec<String> = present.iter().chain([&new.0]).map(|text| quoted(text)).collect();
    format!("[factories]\nconsent = [{}]", all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_means_one_database() {
        let target = Target::parse("postgres://u:secret@LocalHost:5433/shop").unwrap();
        let consent = Consent::to(&target, "shop", "7432101234567890123", "16384");
        let text = "localhost:5433/shop 7432101234567890123.16384";
        assert!(consent.is(text) && consent.is(&format!(" {text}\n")));
        for other in [
            "localhost:5433/shop 7432101234567890123.16385",
            "localhost:5433/shop 7432101234567890124.16384",
            "localhost:5432/shop 7432101234567890123.16384",
            "localhost:5433/shop",
            "",
        ] {
            assert!(!consent.is(other), "{other}");
        }
        let lines = consent_lines(&["a \"b\"".to_owned()], &consent);
        assert_eq!(lines, format!("[factories]\nconsent = [\"a \\\"b\\\"\", \"{text}\"]"));
    }
}
