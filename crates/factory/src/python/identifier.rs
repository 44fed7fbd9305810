//! Names that Python can write as names.

use std::collections::BTreeSet;

use seedbed_schema::TableName;

/// Reserved words of Python 3 (language reference, 2.3.1).
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Whether a name can be written after a dot or before `=`. Two underscores in
/// front mean something else inside a class.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first == '_' || is_letter(first))
        && letters.all(|next| next == '_' || next.is_ascii_digit() || is_letter(next))
        && !KEYWORDS.contains(&name)
        && !name.starts_with("__")
}

/// Letters of ASCII and Latin-1: those of others Python may write in another
/// way than it reads them (NFKC).
fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (('\u{c0}'..='\u{ff}').contains(&c) && c != '×' && c != '÷')
}

/// A text as Python writes it.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Names of classes that are taken.
#[derive(Debug)]
pub(super) struct ClassNames(BTreeSet<String>);

impl ClassNames {
    pub(super) fn new() -> Self {
        let taken = ["Make", "AsyncMake", "None", "True", "False"];
        Self(taken.map(str::to_owned).into())
    }

    /// The name of a table's classes: `BigOrders`, and `SalesBigOrders` outside
    /// of `public`. All that are made of it are free.
    pub(super) fn take(&mut self, table: &TableName) -> String {
        let plain = camel(&table.name);
        let full = if table.schema == "public" {
            plain
        } else {
            format!("{}{plain}", camel(&table.schema))
        };
        let full = if full.starts_with(|c: char| c.is_ascii_digit()) || full.is_empty() {
            format!("Table{full}")
        } else {
            full
        };
        let mut name = full.clone();
        let mut number = 2;
        while Self::of(&name).iter().any(|one| self.0.contains(one)) {
            name = format!("{full}{number}");
            number += 1;
        }
        self.0.extend(Self::of(&name));
        name
    }

    fn of(name: &str) -> [String; 3] {
        [name.to_owned(), format!("{name}Row"), format!("Async{name}")]
    }
}

/// `big_orders`, `Big orders` → `BigOrders`
fn camel(name: &str) -> String {
    let is_part = |c: char| c.is_ascii_digit() || is_letter(c);
    let words = name.split(|c| !is_part(c)).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            format!("{}{rest}", first.to_uppercase())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_python_cannot_write_are_told() {
        for good in ["users", "_x", "größe", "A1", "match", "type", "x__y"] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in ["", "class", "None", "1a", "a b", "a-b", "sales.users", "__x", "ﬁ", "×", "a\n"]
        {
            assert!(!is_identifier(bad), "{bad}");
        }
    }

    #[test]
    fn classes_never_share_a_name() {
        let mut names = ClassNames::new();
        for (schema, table, expected) in [
            ("public", "big_orders", "BigOrders"),
            ("sales", "big_orders", "SalesBigOrders"),
            ("public", "Big orders", "BigOrders2"),
            ("public", "make", "Make2"),
            ("public", "users", "Users"),
            ("public", "users_row", "UsersRow2"),
            ("public", "1", "Table1"),
            ("public", "日", "Table"),
            ("public", "!", "Table2"),
            ("public", "none", "None2"),
            ("public", "ärger", "Ärger"),
        ] {
            assert_eq!(names.take(&TableName::new(schema, table)), expected);
        }
    }

    #[test]
    fn texts_are_quoted() {
        assert_eq!(literal("a\"b\\\n\u{2028}é"), "\"a\\\"b\\\\\\u000a\\u2028é\"");
    }
}
