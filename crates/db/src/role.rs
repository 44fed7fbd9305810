//! `CREATE ROLE` when the role exists. Roles are cluster-wide, so the second
//! build of a recipe meets the roles of the first. The statement is turned
//! into what gives the existing role the same options: `ALTER ROLE` for
//! attributes, `GRANT` for the memberships that `ALTER ROLE` does not know.

use std::iter::Peekable;

use crate::quote_ident;

/// Statements that give the existing role `name` what `create` would have
/// given it; `None` when the text is not understood.
pub(crate) fn as_alteration(create: &str, name: &str) -> Option<Vec<String>> {
    let tokens = tokens(create);
    let mut rest = tokens.iter().copied().peekable();
    if !is(rest.next()?, "create") {
        return None;
    }
    let kind = rest.next()?;
    if !["role", "user", "group"].iter().any(|word| is(kind, word)) {
        return None;
    }
    rest.next()?;
    rest.next_if(|token| is(token, "with"));

    let name = quote_ident(name);
    // CREATE USER means LOGIN; a later NOLOGIN would be a conflicting option.
    let mut login = is(kind, "user");
    let mut attributes = Vec::new();
    let mut grants = Vec::new();
    while let Some(token) = rest.next() {
        match token.to_ascii_lowercase().as_str() {
            "in" => {
                rest.next()?;
                grants.push(format!("GRANT {} TO {name}", list(&mut rest)?));
            }
            "role" | "user" => grants.push(format!("GRANT {name} TO {}", list(&mut rest)?)),
            "admin" => {
                grants.push(format!("GRANT {name} TO {} WITH ADMIN OPTION", list(&mut rest)?));
            }
            // Accepted and ignored by the server.
            "sysid" => {
                rest.next()?;
            }
            "connection" => {
                rest.next()?;
                let sign = rest.next_if_eq(&"-").unwrap_or("");
                attributes.push(format!("CONNECTION LIMIT {sign}{}", rest.next()?));
            }
            word => {
                login &= !matches!(word, "login" | "nologin");
                attributes.push(token.to_owned());
            }
        }
    }
    if login {
        attributes.insert(0, "LOGIN".to_owned());
    }
    let mut statements = Vec::new();
    if !attributes.is_empty() {
        statements.push(format!("ALTER ROLE {name} WITH {}", attributes.join(" ")));
    }
    statements.extend(grants);
    Some(statements)
}

fn is(token: &str, word: &str) -> bool {
    token.eq_ignore_ascii_case(word)
}

/// `a, b, "C"`: names up to the first that no comma precedes.
fn list<'a>(rest: &mut Peekable<impl Iterator<Item = &'a str>>) -> Option<String> {
    let mut names = vec![rest.next()?];
    while rest.next_if_eq(&",").is_some() {
        names.push(rest.next()?);
    }
    Some(names.join(", "))
}

/// Words, quoted names, literals and single signs, without comments.
fn tokens(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = sql;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return found };
        let length = match first {
            '-' if rest.starts_with("--") => {
                rest = rest.split_once('\n').map_or("", |(_, after)| after);
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest.split_once("*/").map_or("", |(_, after)| after);
                continue;
            }
            ';' => {
                rest = &rest[1..];
                continue;
            }
            '"' => quoted(rest, 0, false),
            '\'' => quoted(rest, 0, false),
            'e' | 'E' if rest[1..].starts_with('\'') => quoted(rest, 1, true),
            character if is_word(character) => {
                rest.find(|character| !is_word(character)).unwrap_or(rest.len())
            }
            other => other.len_utf8(),
        };
        found.push(&rest[..length]);
        rest = &rest[length..];
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// Length of a text in quotes that open at byte `start`, quotes included.
fn quoted(text: &str, start: usize, backslashes: bool) -> usize {
    let bytes = text.as_bytes();
    let quote = bytes[start];
    let mut index = start + 1;
    while index < bytes.len() {
        if backslashes && bytes[index] == b'\\' {
            index += 2;
        } else if bytes[index] != quote {
            index += 1;
        } else if bytes.get(index + 1) == Some(&quote) {
            index += 2;
        } else {
            return index + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_option_finds_its_alteration() {
        for (create, expected) in [
            ("CREATE ROLE app", vec![]),
            ("create user app", vec!["ALTER ROLE \"app\" WITH LOGIN"]),
            ("create user app nologin", vec!["ALTER ROLE \"app\" WITH nologin"]),
            (
                "CREATE ROLE \"app\" WITH LOGIN PASSWORD 'a b''c' CONNECTION LIMIT -1 -- why",
                vec!["ALTER ROLE \"app\" WITH LOGIN PASSWORD 'a b''c' CONNECTION LIMIT -1"],
            ),
            (
                "CREATE /* x */ ROLE app IN ROLE a, \"B\" ADMIN c NOLOGIN ROLE d",
                vec![
                    "ALTER ROLE \"app\" WITH NOLOGIN",
                    "GRANT a, \"B\" TO \"app\"",
                    "GRANT \"app\" TO c WITH ADMIN OPTION",
                    "GRANT \"app\" TO d",
                ],
            ),
            ("create group app sysid 7 user u", vec!["GRANT \"app\" TO u"]),
            (
                "create role app password e'\\'x' valid until 'infinity'",
                vec!["ALTER ROLE \"app\" WITH password e'\\'x' valid until 'infinity'"],
            ),
        ] {
            assert_eq!(as_alteration(create, "app").unwrap(), expected, "{create}");
        }
        assert_eq!(as_alteration("CREATE TABLE app (a int)", "app"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(create role a )?[ -~ä\n]{0,80}") {
            let _ = as_alteration(&text, "a");
        }
    }
}
