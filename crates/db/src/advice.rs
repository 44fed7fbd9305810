//! What to do about a complaint while a recipe runs: the package of a missing
//! extension, the server version a statement needs. Only causes that are sure
//! are named; a wrong hint costs more than none.

use crate::extension::between;
use crate::{Complaint, extension};

/// What is known when a statement fails.
pub(crate) struct Circumstances<'a> {
    /// The statement.
    pub(crate) statement: &'a str,
    /// Major version of the server.
    pub(crate) server: u16,
    /// The version a dump says it was made from, such as `17.2`.
    pub(crate) dumped_from: Option<&'a str>,
}

/// Lines to paste, most likely first.
pub(crate) fn hints(complaint: &Complaint, circumstances: &Circumstances<'_>) -> Vec<String> {
    let server = circumstances.server;
    if let Some(extension) = extension::missing(complaint) {
        return vec![
            extension::install_line(&extension, server),
            "the embedded servers fetched through npm carry the contrib extensions, those through \
             pip only a few: use `--server local` or a URL"
                .to_owned(),
        ];
    }
    let mut hints = Vec::new();
    if let Some((feature, since)) = newer_feature(complaint, circumstances.statement)
        && server < since
    {
        hints.push(format!("version = \"{since}\"  # {feature} exists since PostgreSQL {since}"));
    } else if let Some(from) = circumstances.dumped_from.and_then(major)
        && server < from
    {
        hints.push(format!(
            "version = \"{from}\"  # the dump is from PostgreSQL {from}, this server is {server}"
        ));
    }
    if complaint.code == "25001" && complaint.message.contains("transaction block") {
        hints.push("-- no-transaction".to_owned());
    }
    if complaint.code == "42501" {
        hints.push("run the recipe on a server started by Seedbed, where it is superuser".into());
    }
    hints
}

fn major(version: &str) -> Option<u16> {
    let digits = version.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// Settings and the major version that added them (release notes).
const SETTINGS: &[(&str, u16)] = &[
    ("allow_alter_system", 17),
    ("client_connection_check_interval", 14),
    ("createrole_self_grant", 16),
    ("default_toast_compression", 14),
    ("event_triggers", 17),
    ("file_copy_method", 18),
    ("idle_session_timeout", 14),
    ("icu_validation_level", 16),
    ("restrict_nonsystem_relation_kind", 17),
    ("scram_iterations", 16),
    ("transaction_timeout", 17),
];

/// Functions and types by the major version that added them (release notes).
const NAMES: &[(&str, u16)] = &[
    ("any_value", 16),
    ("array_reverse", 18),
    ("array_sample", 16),
    ("array_shuffle", 16),
    ("array_sort", 18),
    ("bit_count", 14),
    ("casefold", 18),
    ("crc32", 18),
    ("crc32c", 18),
    ("date_add", 16),
    ("date_bin", 14),
    ("date_subtract", 16),
    ("erf", 16),
    ("gamma", 18),
    ("json_table", 17),
    ("json_value", 17),
    ("json_query", 17),
    ("json_exists", 17),
    ("json_scalar", 17),
    ("json_array", 16),
    ("json_object_agg_strict", 16),
    ("json_arrayagg", 16),
    ("json_objectagg", 16),
    ("lgamma", 18),
    ("merge_action", 17),
    ("random_normal", 16),
    ("range_agg", 14),
    ("range_intersect_agg", 14),
    ("regexp_count", 15),
    ("regexp_instr", 15),
    ("regexp_like", 15),
    ("regexp_substr", 15),
    ("reverse", 18),
    ("string_to_table", 14),
    ("to_bin", 17),
    ("to_oct", 17),
    ("trim_array", 14),
    ("unistr", 14),
    ("uuid_extract_timestamp", 17),
    ("uuid_extract_version", 17),
    ("uuidv4", 18),
    ("uuidv7", 18),
    ("xmltext", 17),
    ("int4multirange", 14),
    ("int8multirange", 14),
    ("nummultirange", 14),
    ("tsmultirange", 14),
    ("tstzmultirange", 14),
    ("datemultirange", 14),
];

/// Words that are a syntax error before the version that added them. A space
/// stands for any white space; more specific ones come first.
const SYNTAX: &[(&str, u16)] = &[
    ("WITHOUT OVERLAPS", 18),
    ("NOT ENFORCED", 18),
    ("JSON_TABLE", 17),
    ("WHEN NOT MATCHED BY SOURCE", 17),
    ("NULLS NOT DISTINCT", 15),
    ("MERGE INTO", 15),
    ("SET ACCESS METHOD", 15),
    ("ON PARAMETER", 15),
    ("IS JSON", 16),
    ("WITH INHERIT", 16),
    (" STORAGE ", 16),
    ("BEGIN ATOMIC", 14),
    ("CREATE OR REPLACE TRIGGER", 14),
    (" COMPRESSION ", 14),
];

/// What the statement uses that newer servers know, and since when.
fn newer_feature(complaint: &Complaint, statement: &str) -> Option<(String, u16)> {
    let message = &complaint.message;
    match complaint.code.as_str() {
        "42704" | "42883" if !message.contains("configuration parameter") => {
            // `type "x" does not exist`, `function x(…) does not exist`
            let name =
                between(message, "type \"", "\"").or_else(|| between(message, "function ", "("))?;
            let name = name.rsplit('.').next().unwrap_or(name);
            NAMES
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(known, since)| ((*known).to_owned(), *since))
        }
        "42704" => {
            let name = between(message, "parameter \"", "\"")?;
            SETTINGS
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(known, since)| ((*known).to_owned(), *since))
        }
        "22023" if message.contains("\"security_invoker\"") => {
            Some(("security_invoker".to_owned(), 15))
        }
        "42601" => newer_syntax(statement),
        _ => None,
    }
}

fn newer_syntax(statement: &str) -> Option<(String, u16)> {
    let words = statement.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
    if words.contains("GENERATED ALWAYS AS (") && !words.contains("STORED") {
        return Some(("a virtual generated column".to_owned(), 18));
    }
    SYNTAX
        .iter()
        .find(|(phrase, _)| words.contains(phrase))
        .map(|(phrase, since)| (phrase.trim().to_owned(), *since))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(code: &str, message: &str) -> Complaint {
        Complaint {
            severity: "ERROR".into(),
            code: code.into(),
            message: message.into(),
            ..Complaint::empty()
        }
    }

    #[test]
    fn the_first_hint_is_the_line_to_paste() {
        let syntax = "syntax error at or near \"x\"";
        for (code, message, statement, expected) in [
            (
                "58P01",
                "could not open extension control file \"/usr/share/postgresql/15/extension/postgis.control\": No such file or directory",
                "",
                "apt-get install postgresql-15-postgis-3",
            ),
            (
                "0A000",
                "extension \"vector\" is not available",
                "",
                "apt-get install postgresql-15-pgvector",
            ),
            (
                "0A000",
                "extension \"postgis_topology\" is not available",
                "",
                "apt-get install postgresql-15-postgis-3",
            ),
            (
                "0A000",
                "extension \"hstore\" is not available",
                "",
                "apt-get install postgresql-contrib",
            ),
            (
                "0A000",
                "extension \"zzz\" is not available",
                "",
                "apt-cache search postgresql-15 | grep -i zzz",
            ),
            (
                "58P01",
                "could not access file \"$libdir/postgis-3\": No such file",
                "",
                "apt-get install postgresql-15-postgis-3",
            ),
            (
                "42704",
                "unrecognized configuration parameter \"transaction_timeout\"",
                "",
                "version = \"17\"",
            ),
            ("42883", "function uuidv7() does not exist", "", "version = \"18\""),
            ("42883", "function pg_catalog.uuidv7() does not exist", "", "version = \"18\""),
            (
                "42601",
                syntax,
                "create table t (a int,\n unique (a) without\n overlaps)",
                "version = \"18\"",
            ),
            ("42601", syntax, "select * from json_table('{}', '$')", "version = \"17\""),
            (
                "42601",
                syntax,
                "create table t (a int, b int generated always as (a*2) virtual)",
                "version = \"18\"",
            ),
            ("42601", syntax, "create table t (a text storage external)", "version = \"16\""),
            (
                "25001",
                "CREATE INDEX CONCURRENTLY cannot run inside a transaction block",
                "",
                "-- no-transaction",
            ),
        ] {
            let circumstances = Circumstances { statement, server: 15, dumped_from: None };
            let hints = hints(&complaint(code, message), &circumstances);
            assert!(hints[0].starts_with(expected), "{message}: {hints:?}");
        }
    }

    #[test]
    fn a_feature_the_server_has_is_not_blamed() {
        let plain = Circumstances { statement: "merge into t", server: 15, dumped_from: None };
        assert!(hints(&complaint("42601", "syntax error"), &plain).is_empty());
    }

    #[test]
    fn a_dump_from_a_newer_server_is_named() {
        let newer =
            Circumstances { statement: "x", server: 15, dumped_from: Some("18.1 (Debian)") };
        let hints = hints(&complaint("42601", "syntax error"), &newer);
        assert!(hints[0].starts_with("version = \"18\""), "{hints:?}");
        let older = Circumstances { statement: "x", server: 15, dumped_from: Some("14.2") };
        assert!(super::hints(&complaint("42601", "syntax error"), &older).is_empty());
    }
}
