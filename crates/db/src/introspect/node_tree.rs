//! The server's stored expressions and queries (`pg_node_tree`), as far as they
//! say what no catalog column and no function says: which columns each part of
//! an index mentions, and which column of its base a view's column is.
//!
//! The form is that of the server's `outfuncs.c`: `{NODE :field value …}`,
//! lists in parentheses, a backslash before what is no delimiter. Only fields
//! that are the same in versions 13 to 18 are read.

use std::collections::BTreeSet;

/// A column of a view, and where it comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// `attnum` in the view.
    pub number: i16,
    /// The relation; 0 for an expression.
    pub table: u32,
    /// `attnum` there.
    pub column: i16,
}

/// Numbers of the columns each item of a list of expressions mentions; 0 is the
/// whole row. The expressions belong to one table and hold no subquery.
pub(super) fn columns_by_item(tree: &str) -> Vec<BTreeSet<i16>> {
    let mut items: Vec<BTreeSet<i16>> = Vec::new();
    let mut depth = 0_usize;
    let mut tokens = Tokens(tree);
    while let Some(token) = tokens.next() {
        match token {
            "{" => {
                if depth == 0 {
                    items.push(BTreeSet::new());
                }
                depth += 1;
            }
            "}" => depth = depth.saturating_sub(1),
            ":varattno" => {
                let number = tokens.next().and_then(|token| token.parse().ok());
                if let (Some(item), Some(number)) = (items.last_mut(), number) {
                    item.insert(number);
                }
            }
            _ => {}
        }
    }
    items
}

/// Numbers of all columns an expression mentions.
pub(super) fn columns(tree: &str) -> BTreeSet<i16> {
    columns_by_item(tree).into_iter().flatten().collect()
}

/// The target list of a view's query (`pg_rewrite.ev_action`).
pub(super) fn origins(action: &str) -> Vec<Origin> {
    const QUERY: usize = 1;
    const ENTRY: usize = 2;
    let mut depth = 0_usize;
    let mut entry: Option<Origin> = None;
    let mut found = Vec::new();
    let mut tokens = Tokens(action);
    while let Some(token) = tokens.next() {
        match token {
            "{" => {
                depth += 1;
                if depth == ENTRY && tokens.next() == Some("TARGETENTRY") {
                    entry = Some(Origin { number: 0, table: 0, column: 0 });
                }
            }
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == QUERY {
                    found.extend(entry.take());
                }
            }
            field if depth == ENTRY && field.starts_with(":res") => {
                let Some(entry) = &mut entry else { continue };
                match field {
                    ":resno" => entry.number = number(&mut tokens),
                    ":resorigtbl" => entry.table = number(&mut tokens),
                    ":resorigcol" => entry.column = number(&mut tokens),
                    // Its value may look like a field.
                    ":resname" => drop(tokens.next()),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    found
}

fn number<T: std::str::FromStr + Default>(tokens: &mut Tokens<'_>) -> T {
    tokens.next().and_then(|token| token.parse().ok()).unwrap_or_default()
}

/// Tokens as the server's `pg_strtok` sees them, escapes left in.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start_matches([' ', '\n', '\t']);
        let first = text.chars().next()?;
        let end = if "(){}".contains(first) { 1 } else { word(text) };
        let (token, rest) = text.split_at(end);
        self.0 = rest;
        Some(token)
    }
}

/// Length of the word a text begins with.
fn word(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ' ' | '\n' | '\t' | '(' | ')' | '{' | '}' => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_are_found_by_item_and_names_do_not_deceive() {
        let tree = r"({FUNCEXPR :funcid 870 :args ({VAR :varno 1 :varattno 3 :vartype 25})} {ROWEXPR :args ({VAR :varno 1 :varattno 0} {VAR :varattno 7}) :colnames (\:varattno\ 9 ) })";
        let expected = [BTreeSet::from([3]), BTreeSet::from([0, 7])];
        assert_eq!(columns_by_item(tree), expected);
        assert_eq!(columns("{NULLTEST :arg {VAR :varattno 2}}"), BTreeSet::from([2]));
        assert_eq!(columns(""), BTreeSet::new());
    }

    #[test]
    fn only_the_outermost_target_list_counts() {
        let action = r"({QUERY :commandType 1 :jointree {FROMEXPR :quals {SUBLINK :subselect {QUERY :targetList ({TARGETENTRY :resno 1 :resname x :resorigtbl 9 :resorigcol 9})}}} :targetList ({TARGETENTRY :expr {VAR :varattno 2} :resno 1 :resname :resno :ressortgroupref 0 :resorigtbl 16385 :resorigcol 2 :resjunk false} {TARGETENTRY :expr {CONST :resno 5} :resno 2 :resname b :resorigtbl 0 :resorigcol 0 :resjunk false})})";
        let expected = [
            Origin { number: 1, table: 16385, column: 2 },
            Origin { number: 2, table: 0, column: 0 },
        ];
        assert_eq!(origins(action), expected);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in r"[(){} :\\a-z0-9ü]{0,60}") {
            let _ = columns(&text);
            let _ = origins(&format!("({{QUERY {text}"));
        }
    }
}
