//! Lines to paste into a shell.

use crate::graph::Node;

/// `seedbed make TABLE COLUMN=VALUE`; a value that the person must know is `…`.
pub(crate) fn make(table: &str, passed: Option<(&str, &str)>) -> String {
    match passed {
        None => format!("seedbed make {}", word(table)),
        Some((column, value)) => {
            format!("seedbed make {} {}", word(table), word(&format!("{column}={value}")))
        }
    }
}

/// `seedbed make TABLE COLUMN=… COLUMN=…`, values that the person must know.
pub(crate) fn make_with(table: &str, columns: &[&str]) -> String {
    let list: Vec<String> = columns.iter().map(|column| word(&format!("{column}=…"))).collect();
    let list = list.iter().map(|one| format!(" {one}"));
    format!("seedbed make {}{}", word(table), list.collect::<String>())
}

/// `seedbed make TABLE OPTION VALUE`; some options have no value.
pub(crate) fn make_as(table: &str, option: &str, value: &str) -> String {
    let value = if value.is_empty() { String::new() } else { format!(" {}", word(value)) };
    format!("seedbed make {} {option}{value}", word(table))
}

/// The call that asks for a node's rows, once more.
pub(crate) fn repeat(node: &Node) -> String {
    let passed: Vec<&str> = node.arguments().map(|(name, _)| name).collect();
    let name = node.through.as_ref().unwrap_or(&node.table.name);
    let fresh = if node.fresh { " --fresh" } else { "" };
    make_with(&name.to_string(), &passed) + fresh
}

/// As one word of a POSIX shell.
fn word(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "_-.,:=@%+/…".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_is_quoted() {
        assert_eq!(make("shop.users", None), "seedbed make shop.users");
        assert_eq!(make("users", Some(("name", "…"))), "seedbed make users name=…");
        let odd = make("We'ird", Some(("state", "in $progress")));
        assert_eq!(odd, r"seedbed make 'We'\''ird' 'state=in $progress'");
    }
}
