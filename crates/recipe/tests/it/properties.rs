//! What holds for every text.

use proptest::prelude::*;
use seedbed_recipe::{Recipe, SourceFile, StatementKind, split};

use crate::base;

/// A piece of SQL that contains no statement end of its own.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_é][a-z0-9_$é]{0,5}",
        "[0-9]{1,4}",
        "'[a-z;\\\\\n\"$é-]{0,6}(''[a-z;]{0,3})?'",
        "E'([a-z;\n\"$é-]|\\\\['\\\\é]){0,6}'",
        "\"[a-z;'\n-]{1,6}(\"\"[a-z;]{0,3})?\"",
        "\\$\\$[a-z;'\"\n]{0,8}\\$\\$",
        "\\$t\\$[a-z;'\"\n]{0,8}(\\$\\$)?\\$t\\$",
        "/\\*[a-z;'\"\n]{0,6}(/\\*[a-z;']{0,3}\\*/)?[a-z;]{0,3}\\*/",
        "--[a-z;'\"é ]{0,8}\n",
        "[=<>+,.]",
    ]
}

/// A statement: a word, then pieces with commas between them, without which a
/// literal would go on in the next.
fn statement() -> impl Strategy<Value = String> {
    ("(select|update|x)", prop::collection::vec((piece(), "[ \t\n]{1,2}"), 0..8), "[0-9]{1,3}")
        .prop_map(|(word, pieces, last)| {
            let body: String =
                pieces.into_iter().map(|(piece, blank)| format!("{piece}{blank},")).collect();
            format!("{word} {body} {last}")
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn joined_statements_come_apart_again(
        statements in prop::collection::vec((statement(), "[ \n;]{0,3}"), 0..8),
        close_last: bool,
    ) {
        let mut text = String::new();
        let mut lines = Vec::new();
        for (index, (statement, blanks)) in statements.iter().enumerate() {
            text.push_str(blanks);
            lines.push(1 + text.matches('\n').count());
            text.push_str(statement);
            if close_last || index + 1 < statements.len() {
                text.push(';');
            }
        }
        let found = split(&text).unwrap();
        let texts: Vec<&str> = found.iter().map(|one| one.text.as_str()).collect();
        let expected: Vec<&str> = statements.iter().map(|(text, _)| text.as_str()).collect();
        prop_assert_eq!(texts, expected);
        let found_lines: Vec<usize> = found.iter().map(|one| one.line as usize).collect();
        prop_assert_eq!(found_lines, lines);
    }

    #[test]
    fn what_is_split_off_stands_in_the_text_at_its_line(text in sql_like()) {
        let Ok(found) = split(&text) else { return Ok(()) };
        let mut from = 0;
        for statement in found {
            let at = from + text[from..].find(&statement.text).unwrap();
            let between = &text[from..at];
            prop_assert!(
                !between.contains("word"), "lost between statements: {between:?}"
            );
            let line = 1 + text[..at].matches('\n').count();
            prop_assert_eq!(statement.line as usize, line);
            from = at + statement.text.len();
            if let StatementKind::Copy { data, first_data_line } = &statement.kind {
                let data = std::str::from_utf8(data.as_bytes()).unwrap();
                let at = from + text[from..].find('\n').unwrap() + 1;
                prop_assert!(text[at..].starts_with(data));
                let line = 1 + text[..at].matches('\n').count();
                prop_assert_eq!(*first_data_line as usize, line);
                from = at + data.len();
            }
        }
        prop_assert!(!strip_comments(&text[from..]).contains("word"));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_every_way(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic(text in sql_like()) {
        read_every_way(text.as_bytes());
    }
}

/// Texts dense with what opens and closes things.
fn sql_like() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "'",
        "\"",
        "$$",
        "$t$",
        "$",
        "E'",
        "U&'",
        "U&\"",
        "\\",
        "\\.\n",
        ";",
        ";",
        "\n",
        "\r\n",
        " ",
        "word",
        "word",
        "(",
        ")",
        "begin atomic",
        "case",
        "end",
        "create function",
        "create rule",
        "copy t from stdin;\n",
        "grant a to",
        "set x =",
        ",",
        ".",
        "é",
        "\u{feff}",
        "1",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

/// `text` without line comments; the alphabet above makes no others.
fn strip_comments(text: &str) -> String {
    text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect()
}

fn read_every_way(bytes: &[u8]) {
    let source = SourceFile::new("a/1.sql", bytes);
    let recipes = [
        Recipe::migrations("a", vec![source.clone()], None, base()),
        Recipe::dump(source.clone(), base()),
        Recipe::empty(base()).with_seeds(vec![source]),
    ];
    for recipe in recipes.into_iter().flatten() {
        for layer in recipe.layers {
            drop(layer.action());
        }
    }
}
