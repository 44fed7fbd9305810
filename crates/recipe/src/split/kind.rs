//! What an applier must know about a statement, from its outline.

use super::head::Head;
use super::token::TokenKind;
use crate::StatementKind;

/// The kind of a statement that begins at byte `start`; `COPY … FROM stdin`
/// is told apart by [`reads_data`], since its data comes after it.
pub(crate) fn of(head: &Head<'_>, start: usize, dump: bool) -> StatementKind {
    if dump && is_database_level(head) {
        return StatementKind::DatabaseLevel;
    }
    if head.is(0, "CREATE") {
        if head.is_one(1, &["ROLE", "USER", "GROUP"])
            && !head.has(1, &["USER", "MAPPING"])
            && let Some(name) = head.name(2)
        {
            return StatementKind::CreateRole { name };
        }
        if head.is(1, "TABLESPACE")
            && let Some(name) = head.name(2)
        {
            return StatementKind::CreateTablespace { name, location_range: location(head, start) };
        }
    }
    setting(head).map_or(StatementKind::Sql, |(name, _)| StatementKind::Setting { name })
}

/// Whether the server asks for data after this statement.
pub(crate) fn reads_data(head: &Head<'_>) -> bool {
    head.is(0, "COPY") && head.find(1, &["FROM", "STDIN"]).is_some()
}

/// Name and first value word of a `SET name = value`.
pub(crate) fn setting<'t>(head: &Head<'t>) -> Option<(String, &'t str)> {
    if !head.is(0, "SET") {
        return None;
    }
    let mut at = 1;
    if head.is_one(at, &["SESSION", "LOCAL"]) {
        at += 1;
    }
    if head.has(at, &["TIME", "ZONE"]) {
        return Some(("timezone".to_owned(), head.at(at + 2)));
    }
    let mut name = head.name(at)?;
    at += 1;
    while head.at(at) == "." {
        name = format!("{name}.{}", head.name(at + 1)?);
        at += 2;
    }
    (head.at(at) == "=" || head.is(at, "TO")).then(|| (name.to_ascii_lowercase(), head.at(at + 1)))
}

/// Statements naming a database, which `pg_dump --create` and `pg_dumpall` write.
fn is_database_level(head: &Head<'_>) -> bool {
    if head.is_one(0, &["CREATE", "DROP", "ALTER"]) && head.is(1, "DATABASE") {
        return true;
    }
    if head.is(0, "ALTER") && head.is_one(1, &["ROLE", "USER"]) {
        return head.has(3, &["IN", "DATABASE"]);
    }
    match () {
        () if head.has(0, &["COMMENT", "ON"]) => head.is(2, "DATABASE"),
        () if head.is_one(0, &["GRANT", "REVOKE", "SECURITY"]) => {
            head.find(1, &["ON", "DATABASE"]).is_some()
        }
        () => false,
    }
}

/// Where in the statement the `LOCATION` literal of a tablespace lies.
fn location(head: &Head<'_>, start: usize) -> (usize, usize) {
    head.find(3, &["LOCATION"])
        .and_then(|at| head.tokens.get(at + 1))
        .filter(|token| token.kind == TokenKind::Literal)
        .map_or((0, 0), |token| (token.start - start, token.end - start))
}

/// A statement about a database in the words of the manual, without names.
pub(crate) fn caption(head: &Head<'_>) -> String {
    let first = head.at(0).to_ascii_uppercase();
    match () {
        () if head.is(1, "DATABASE") => format!("{first} DATABASE"),
        () if head.is_one(1, &["ROLE", "USER"]) => format!("{first} ROLE … IN DATABASE"),
        () => format!("{first} … ON DATABASE"),
    }
}
