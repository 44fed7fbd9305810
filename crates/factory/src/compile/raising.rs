//! Whether a look-up may be refused, which would end an open transaction: by a
//! value that is none of its column's type, or by what the server asks besides:
//! policies, views, functions of a key. A savepoint costs a client two
//! statements, so a look-up that compares plain columns has none.

use seedbed_schema::{Base, Column, TableKind, TypeShape};

use super::condition::joins;
use crate::computed::source;
use crate::graph::{Graph, Node, Source};
use crate::key::Identifier;

/// Whether some value may be refused.
pub(super) fn may_refuse(node: &Node) -> bool {
    node.arguments().any(|(name, _)| node.column(name).is_some_and(casts))
}

/// Whether the cast from text can fail.
fn casts(column: &Column) -> bool {
    !matches!(
        column.data_type.shape,
        TypeShape::Base(Base::Text | Base::Varchar | Base::Bpchar | Base::Citext)
    )
}

/// Whether it may be refused whatever the values are.
pub(super) fn raises(graph: &Graph, index: usize) -> bool {
    let mut seen = vec![index];
    let mut at = 0;
    while let Some(index) = seen.get(at).copied() {
        let node = &graph.nodes[index];
        if asks(node) {
            return true;
        }
        // Parents that are looked up by the same statement.
        for name in keys(node).flat_map(Identifier::columns) {
            if let Some(Source::Parent { node: parent, .. }) = node.sources.get(name)
                && joins(graph, node, *parent)
                && !seen.contains(parent)
            {
                seen.push(*parent);
            }
        }
        at += 1;
    }
    false
}

/// What a node's rows are looked up by.
fn keys(node: &Node) -> impl Iterator<Item = &Identifier> {
    node.key.identifiers.iter().chain(&node.key.also).chain(&node.key.tied)
}

/// Whether the server asks more of a node's rows than whether columns are equal.
fn asks(node: &Node) -> bool {
    let mut texts = keys(node).flat_map(|key| {
        let parts = key.parts.iter().filter(|part| part.column.is_none());
        let predicate = key.predicate.iter().map(|(text, _)| text.as_str());
        parts.map(|part| source(&node.table, part)).chain(predicate)
    });
    node.table.row_security
        || node.through.is_some()
        || matches!(node.table.kind, TableKind::View | TableKind::Foreign)
        || texts.any(|text| !is_harmless(text))
}

/// Functions that take every value of the types they are for.
const TOTAL: [&str; 9] =
    ["lower", "upper", "btrim", "ltrim", "rtrim", "md5", "coalesce", "nullif", "length"];

/// Words before a parenthesis that are no function.
const WORDS: [&str; 9] = ["and", "or", "not", "in", "any", "all", "is", "then", "when"];

/// Whether an expression of the catalogue cannot fail: columns, constants,
/// comparisons, and functions that take everything. Casts are to text, but for
/// those of constants, which the server has read already.
fn is_harmless(expression: &str) -> bool {
    let mut rest = expression;
    let mut constant = false;
    while let Some(letter) = rest.chars().next() {
        let mut taken = letter.len_utf8();
        let mut is_constant = false;
        match letter {
            '\'' => {
                // A quote is written twice, a backslash in another kind of string.
                let Some(end) = quoted(rest, '\'') else { return false };
                (taken, is_constant) = (end, true);
            }
            '"' => match quoted(rest, '"') {
                Some(end) => taken = end,
                None => return false,
            },
            ':' => {
                let Some(name) = rest.strip_prefix("::") else { return false };
                let end = name.find([')', ',', ']', '=', '<', '>']).unwrap_or(name.len());
                let name = name[..end].trim_end();
                let name = name.split(" AND").next().unwrap_or(name);
                let name = name.split(" OR").next().unwrap_or(name);
                let name = name.split(" IS").next().unwrap_or(name).trim_end();
                if !constant && !matches!(name, "text" | "character varying") {
                    return false;
                }
                taken = 2 + name.len();
            }
            letter if letter.is_ascii_digit() => is_constant = true,
            letter if letter.is_alphabetic() || letter == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
                taken = end.unwrap_or(rest.len());
                let word = rest[..taken].to_ascii_lowercase();
                let calls = rest[taken..].trim_start().starts_with('(');
                if calls && !TOTAL.contains(&&*word) && !WORDS.contains(&&*word)
                    || rest[taken..].starts_with('\'')
                {
                    return false;
                }
            }
            '(' | ')' | '[' | ']' | ',' | '=' | '<' | '>' => {}
            letter if letter.is_whitespace() => is_constant = constant,
            // Arithmetic, qualified names and operators of any kind.
            _ => return false,
        }
        constant = is_constant;
        rest = &rest[taken..];
    }
    true
}

/// The length of a quoted text at the start.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text[at..].find(quote)? + 1;
        if !text[at..].starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_take_every_value_are_known() {
        for text in [
            "lower(email)",
            "lower((email)::text)",
            "(deleted_at IS NULL)",
            "(state = 'open'::public.state)",
            "((status)::text = 'it''s'::text)",
            "((kind = ANY (ARRAY['a'::text, 'b'::text])) AND active)",
            "(NOT deleted)",
            "(is_default = true)",
            "COALESCE(\"Name\", ''::text)",
            "(rank > 5)",
            "((a)::text = 'x'::text AND b IS NOT NULL)",
        ] {
            assert!(is_harmless(text), "{text}");
        }
        for text in [
            "(code)::integer",
            "((code)::integer > 3)",
            "public.is_live(status)",
            "is_live(status)",
            "(a / b)",
            "(a + 1)",
            "(data ->> 'sku'::text)",
            "(a OPERATOR(ext.=) b)",
            "((a)::date IS NULL)",
            "E'\\\\'",
            "'open",
        ] {
            assert!(!is_harmless(text), "{text}");
        }
    }
}
