//! The roles a dump's statements name. A dump does not create them
//! (`pg_dumpall --roles-only` does), so an applier must see that they exist.

use std::collections::BTreeSet;

use super::head::Head;
use super::token::TokenKind;

/// Words in the place of a role that are none.
const NOT_ROLES: [&str; 8] =
    ["PUBLIC", "CURRENT_USER", "CURRENT_ROLE", "SESSION_USER", "USER", "NONE", "DEFAULT", "GROUP"];

/// Adds the roles this statement names.
pub(crate) fn collect(head: &Head<'_>, roles: &mut BTreeSet<String>) {
    if let Some(at) = head.find(1, &["OWNER", "TO"]) {
        list(head, at + 2, roles);
    }
    if let Some(at) = head.find(1, &["AUTHORIZATION"]) {
        list(head, at + 1, roles);
    }
    if head.is(0, "SET") && head.is_one(1, &["ROLE", "LOCAL", "SESSION"]) {
        if let Some(at) = head.find(1, &["ROLE"]) {
            list(head, at + 1, roles);
        }
    } else if head.is_one(0, &["CREATE", "ALTER"]) && head.is(1, "POLICY") {
        // ALTER POLICY … RENAME TO names a policy.
        if let Some(at) = head.find(2, &["TO"]).filter(|at| !head.is(at - 1, "RENAME")) {
            list(head, at + 1, roles);
        }
    } else if head.has(0, &["CREATE", "USER", "MAPPING"]) {
        if let Some(at) = head.find(3, &["FOR"]) {
            list(head, at + 1, roles);
        }
    } else if head.has(0, &["ALTER", "DEFAULT", "PRIVILEGES"]) {
        if head.is(3, "FOR") {
            list(head, 5, roles);
        }
        let at = head.find(3, &["GRANT"]).or_else(|| head.find(3, &["REVOKE"]));
        grant(head, at.unwrap_or(head.tokens.len()), roles);
    } else {
        grant(head, 0, roles);
    }
}

/// `GRANT … TO a, b` or `REVOKE … FROM a, b` at `at`; where no object is named
/// the things granted are roles too.
fn grant(head: &Head<'_>, at: usize, roles: &mut BTreeSet<String>) {
    let preposition = match () {
        () if head.is(at, "GRANT") => "TO",
        () if head.is(at, "REVOKE") => "FROM",
        () => return,
    };
    let Some(to) = head.find(at, &[preposition]) else { return };
    list(head, to + 1, roles);
    if let Some(by) = head.find(to, &["GRANTED", "BY"]) {
        list(head, by + 2, roles);
    }
    let names_object = head.find(at, &["ON"]).is_some_and(|on| on < to);
    if !names_object {
        let option = head.find(at, &["OPTION", "FOR"]).filter(|option| *option < to);
        list(head, option.map_or(at + 1, |option| option + 2), roles);
    }
}

/// Names from `from` on, as long as commas join them.
fn list(head: &Head<'_>, from: usize, roles: &mut BTreeSet<String>) {
    let mut at = from + usize::from(head.is(from, "GROUP"));
    loop {
        let quoted = head.tokens.get(at).is_none_or(|token| token.kind != TokenKind::Word);
        if let Some(name) = head.name(at).filter(|name| !name.is_empty())
            && (quoted || !head.is_one(at, &NOT_ROLES))
        {
            roles.insert(name);
        }
        if head.at(at + 1) != "," {
            return;
        }
        at += 2;
    }
}
