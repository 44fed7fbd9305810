//! Calls of `seedbed` inside a shell line: which subcommand, which flags.
//! Enough of the shell to find them; nothing is executed.

/// One call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spoken {
    /// The subcommand's words, such as `config show`.
    pub(crate) words: Vec<String>,
    /// Flags before `--`, without values.
    pub(crate) flags: Vec<String>,
}

/// Subcommands that have subcommands themselves.
const FAMILIES: [&str; 5] = ["cache", "config", "kept", "server", "types"];

/// Every call in a line, whether by name, in `$(…)`, after `&&`, `|` or `;`,
/// or as `cargo run … -p seedbed-cli -- …`.
pub(crate) fn calls(line: &str) -> Vec<Spoken> {
    let spaced = line.replace("$(", " ; ").replace([')', '"', '\''], " ");
    spaced
        .split([';', '|', '&'])
        .filter_map(|part| {
            let words: Vec<&str> = part.split_whitespace().collect();
            let program = words.iter().position(|word| !word.contains('='))?;
            arguments(&words[program..]).map(call)
        })
        .collect()
}

/// What is handed to `seedbed`; `None` if something else is called.
fn arguments<'a>(words: &'a [&'a str]) -> Option<&'a [&'a str]> {
    match words {
        ["seedbed", rest @ ..] => Some(rest),
        ["cargo", "run", rest @ ..] if rest.contains(&"seedbed-cli") => {
            let dashes = rest.iter().position(|word| *word == "--")?;
            Some(&rest[dashes + 1..])
        }
        _ => None,
    }
}

fn call(arguments: &[&str]) -> Spoken {
    let own: Vec<&str> = arguments.iter().copied().take_while(|word| *word != "--").collect();
    let is_flag = |word: &&str| word.starts_with('-');
    let depth = match own.first() {
        Some(first) if FAMILIES.contains(first) => 2,
        Some(first) if !is_flag(first) => 1,
        _ => 0,
    };
    Spoken {
        words: own.iter().take(depth).map(|word| (*word).to_owned()).collect(),
        flags: own
            .iter()
            .filter(|word| is_flag(word))
            .map(|word| word.split('=').next().unwrap_or(word).to_owned())
            .collect(),
    }
}

/// Whether a help text lists a flag, as a word of its own.
pub(crate) fn names_flag(help: &str, flag: &str) -> bool {
    help.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|word| word == flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(words: &[&str], flags: &[&str]) -> Spoken {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Spoken { words: owned(words), flags: owned(flags) }
    }

    #[test]
    fn calls_are_found_wherever_they_stand() {
        for (line, expected) in [
            ("seedbed run -- pytest -x", vec![spoken(&["run"], &[])]),
            (
                "A=1 seedbed run --server=local -C x -- a",
                vec![spoken(&["run"], &["--server", "-C"])],
            ),
            (
                "cargo run --release -p seedbed-cli -- run -C examples/shop -- cargo test",
                vec![spoken(&["run"], &["-C"])],
            ),
            ("tar c \"$(seedbed cache path)\" | wc", vec![spoken(&["cache", "path"], &[])]),
            ("seedbed up && seedbed down", vec![spoken(&["up"], &[]), spoken(&["down"], &[])]),
            ("seedbed --version", vec![spoken(&[], &["--version"])]),
            ("cargo test", vec![]),
        ] {
            assert_eq!(calls(line), expected, "{line}");
        }
    }

    #[test]
    fn flags_are_whole_words() {
        assert!(names_flag("  -C, --directory <DIR>", "-C"));
        assert!(names_flag("      --server <SERVER>", "--server"));
        assert!(!names_flag("      --servers", "--server"));
    }
}
