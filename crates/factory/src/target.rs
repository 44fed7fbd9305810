//! The conflict target of an insert. It is always named: `ON CONFLICT DO
//! NOTHING` alone hides a clash with any other key, and fails outright beside a
//! deferrable one. The predicate is the catalogue's text: with a parameter in it
//! the sixth execution fails with 42P10, when the plan turns generic.

use seedbed_schema::quote;

use crate::key::Identifier;

/// ` ON CONFLICT (…) WHERE … DO NOTHING`, or nothing where no index can decide:
/// rows found by content, and deferrable keys.
pub(crate) fn target(identifier: &Identifier) -> String {
    if !identifier.arbiter || identifier.index.is_none() {
        return String::new();
    }
    let parts: Vec<String> = identifier
        .parts
        .iter()
        .map(|part| part.column.as_deref().map_or_else(|| format!("({})", part.expression), quote))
        .collect();
    let predicate =
        identifier.predicate.as_ref().map(|(text, _)| format!(" WHERE {text}")).unwrap_or_default();
    format!(" ON CONFLICT ({}){predicate} DO NOTHING", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use seedbed_schema::KeyPart;

    use super::*;

    fn identifier(parts: &[(Option<&str>, &str)]) -> Identifier {
        let part = |(column, expression): &(Option<&str>, &str)| KeyPart {
            column: column.map(str::to_owned),
            expression: (*expression).to_owned(),
            columns: Vec::new(),
        };
        Identifier {
            index: Some("key".to_owned()),
            parts: parts.iter().map(part).collect(),
            predicate: None,
            arbiter: true,
        }
    }

    #[test]
    fn targets_are_named() {
        let plain = identifier(&[(Some("we\"ird"), "\"we\"\"ird\""), (None, "lower(email)")]);
        assert_eq!(target(&plain), " ON CONFLICT (\"we\"\"ird\", (lower(email))) DO NOTHING");
        let partial = Identifier {
            predicate: Some(("deleted_at IS NULL".to_owned(), Vec::new())),
            ..identifier(&[(Some("email"), "email")])
        };
        assert_eq!(
            target(&partial),
            " ON CONFLICT (\"email\") WHERE deleted_at IS NULL DO NOTHING"
        );
        let deferrable = Identifier { arbiter: false, ..plain };
        assert_eq!(target(&deferrable), "");
    }
}
