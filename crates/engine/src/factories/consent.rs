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
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Where: to be read after "in `seedbed.toml`".
    pub(super) place: String,
    /// The lines to paste there.
    pub(super) lines: String,
}

/// What to write where: a table or a key that the file has already cannot be
/// there twice. `file` is its text, `present` the consents in it, from `line`
/// on, counted from 1, if they are.
pub(super) fn record(file: &str, line: Option<usize>, present: &[String], new: &Consent) -> Record {
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let all: Vec<String> = present.iter().chain([&new.0]).map(|text| quoted(text)).collect();
    let list = format!("consent = [{}]", all.join(", "));
    let header = |line: &&str| {
        let bare = line.split('#').next().unwrap_or_default();
        bare.split_whitespace().collect::<String>() == "[factories]"
    };
    let is_dotted = |line: &&str| line.trim_start().starts_with("factories.");
    if let Some(line) = line {
        let dotted = file.lines().nth(line.saturating_sub(1)).is_some_and(|text| is_dotted(&text));
        let name = if dotted { "factories." } else { "" };
        let place = format!(" instead of `consent` in line {line}");
        return Record { place, lines: format!("{name}{list}") };
    }
    if let Some(at) = file.lines().position(|line| header(&line)) {
        return Record { place: format!(" below line {}", at + 1), lines: list };
    }
    if let Some(at) = file.lines().position(|line| is_dotted(&line)) {
        let lines = format!("factories.{list}");
        return Record { place: format!(" below line {}", at + 1), lines };
    }
    Record { place: String::new(), lines: format!("[factories]\n{list}") }
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
        let new = format!("\"{text}\"");
        for (file, line, present, place, lines) in [
            ("", None, &[][..], "", format!("[factories]\nconsent = [{new}]")),
            ("offline = true", None, &[], "", format!("[factories]\nconsent = [{new}]")),
            (
                "offline = true\n[ factories ] # rows\nseed = \"x\"",
                None,
                &[],
                " below line 2",
                format!("consent = [{new}]"),
            ),
            (
                "factories.seed = \"x\"",
                None,
                &[],
                " below line 1",
                format!("factories.consent = [{new}]"),
            ),
            (
                "[factories]\nconsent = [\"a \\\"b\\\"\"]",
                Some(2),
                &["a \"b\"".to_owned()],
                " instead of `consent` in line 2",
                format!("consent = [\"a \\\"b\\\"\", {new}]"),
            ),
            (
                "factories.consent = [\"a\"]",
                Some(1),
                &["a".to_owned()],
                " instead of `consent` in line 1",
                format!("factories.consent = [\"a\", {new}]"),
            ),
        ] {
            let told = record(file, line, present, &consent);
            assert_eq!(told, Record { place: place.to_owned(), lines }, "{file}");
        }
    }
}
