//! Which columns of rows a person is shown: those that tell them apart, and at
//! least one that says something. A number that a sequence drew does not, and a
//! secret is not shown at all.

use std::collections::BTreeSet;

use seedbed_api::plan::{Call, Made};
use seedbed_schema::{Base, Column, Lookup, Schema, Table, TypeShape};

/// Columns of a row that are shown, at most.
const SHOWN_MAX: usize = 6;

/// Columns that are shown where nothing tells rows apart but what was drawn.
const PLAIN_MAX: usize = 2;

/// The columns of `made` that are shown: the primary key, what was asked for,
/// what is unique or excludes others, else what says most about the row.
pub(super) fn telling(schema: &Schema, call: &Call, made: &Made) -> Vec<usize> {
    let Some(table) = table_of(schema, &made.table) else {
        return (0..made.columns.len().min(SHOWN_MAX)).collect();
    };
    let asked = std::iter::once(call)
        .chain(&call.with)
        .filter(|call| matches!(schema.find(&call.table), Lookup::Found(of) if of == table))
        .flat_map(|call| call.set.keys().map(String::as_str));
    let primary = table.primary_key().into_iter().flat_map(seedbed_schema::UniqueKey::columns);
    let keys = table.keys.iter().flat_map(seedbed_schema::UniqueKey::columns);
    let exclusions = table.exclusions.iter().flat_map(|exclusion| &exclusion.parts);
    let exclusions = exclusions.flat_map(|part| part.columns.iter().map(String::as_str));
    let mut chosen = BTreeSet::new();
    for name in primary.chain(asked).chain(keys).chain(exclusions) {
        if chosen.len() == SHOWN_MAX {
            break;
        }
        chosen.extend(made.columns.iter().position(|found| found.name == name));
    }
    let says = |place: &usize| {
        table.column(&made.columns[*place].name).is_some_and(says_something)
            && made.rows.iter().any(|row| row.get(*place).is_some_and(Option::is_some))
    };
    if !chosen.iter().any(says) {
        let mut others: Vec<usize> = (0..made.columns.len()).filter(says).collect();
        others.sort_by_key(|place| rank(table, &made.columns[*place].name));
        chosen.extend(others.into_iter().take(PLAIN_MAX));
    }
    chosen.into_iter().collect()
}

/// Whether a value of the column tells a person which row it is.
fn says_something(column: &Column) -> bool {
    !column.is_surrogate() && !is_secret(&column.name)
}

/// What says most comes first: texts, then what must have a value, in the
/// table's order; references to other rows and texts of machines come last.
fn rank(table: &Table, name: &str) -> (bool, bool, bool) {
    let refers = table.foreign_keys.iter().any(|foreign| foreign.columns.iter().any(|c| c == name));
    let column = table.column(name);
    let is_text = column.is_some_and(|column| {
        matches!(
            column.data_type.shape,
            TypeShape::Base(Base::Text | Base::Varchar | Base::Bpchar | Base::Citext)
        )
    });
    (refers, !is_text, column.is_none_or(|column| !column.not_null))
}

/// Whether a column of this name holds what nobody else may read: passwords,
/// keys, tokens.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    const SECRET: [&str; 21] = [
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "passcode",
        "secret",
        "secrets",
        "token",
        "tokens",
        "salt",
        "otp",
        "totp",
        "pin",
        "cvv",
        "cvc",
        "credential",
        "credentials",
        "jwt",
        "apikey",
        "keypair",
        "privatekey",
    ];
    const KEYS: [&str; 7] = ["api", "access", "private", "secret", "encryption", "signing", "ssh"];
    let words = words(name);
    words.iter().any(|word| SECRET.contains(&word.as_str()))
        || words.windows(2).any(|pair| KEYS.contains(&pair[0].as_str()) && pair[1] == "key")
}

/// `apiKey`, `api_key` and `API key` are the same two words.
fn words(name: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        let begins = !letter.is_alphanumeric() || letter.is_uppercase() && before.is_lowercase();
        if begins {
            found.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), found.last_mut()) {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    found.retain(|word| !word.is_empty());
    found
}

/// The table of a binding, which is written as in SQL.
fn table_of<'a>(schema: &'a Schema, sql: &str) -> Option<&'a Table> {
    schema.tables.values().find(|table| {
        let name = &table.name;
        let quoted = seedbed_schema::quote(&name.name);
        sql == quoted
            || sql == format!("{}.{quoted}", seedbed_schema::quote(&name.schema))
            || sql == name.name
            || sql == format!("{}.{}", name.schema, name.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in
            ["password", "password_digest", "apiKey", "API key", "reset_token", "encrypted_secret"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["name", "keyboard", "pinned", "key", "passenger", "tokenizer"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
