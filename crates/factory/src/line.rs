//! Lines to paste into a shell.

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
    format!("seedbed make {} {}", word(table), list.join(" "))
}

/// `seedbed make TABLE OPTION VALUE`.
pub(crate) fn make_as(table: &str, option: &str, value: &str) -> String {
    format!("seedbed make {} {option} {}", word(table), word(value))
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
