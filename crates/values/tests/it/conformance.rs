//! The bits layer written again in Python and in JavaScript gives the same
//! vectors; and both notice a vector that is wrong.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::Command;

use crate::vectors::file;

/// Runs a check over the vectors and over a copy of them with one digit changed.
fn check(interpreter: &str, script: &str) {
    let script = file().with_file_name(script);
    let run = |vectors: &Path| Command::new(interpreter).arg(&script).arg(vectors).output();
    let output = match run(&file()) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let _ = writeln!(std::io::stderr(), "SKIPPED: {interpreter} is not on this machine");
            return;
        }
        output => output.expect("the interpreter ran"),
    };
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{complained}");
    let checked: usize =
        said.split_whitespace().next().and_then(|count| count.parse().ok()).unwrap_or(0);
    assert!(checked >= 100, "{said}");

    let folder = tempfile::tempdir().expect("a folder");
    let text = fs::read_to_string(file()).expect("the vectors");
    for kind in ["tlv", "keyed", "column", "draws", "philox", "below", "permutation"] {
        let marked = format!("\"of\":\"{kind}\"");
        let mut changed = false;
        let lines: Vec<String> = text
            .lines()
            .map(|line| {
                if changed || !line.contains(&marked) {
                    return line.to_owned();
                }
                changed = true;
                let at = line.find("\"gives\":").expect("an answer");
                let digit = at + line[at..].find(|c: char| c.is_ascii_digit()).expect("a digit");
                let other = if line.as_bytes()[digit] == b'7' { "6" } else { "7" };
                format!("{}{other}{}", &line[..digit], &line[digit + 1..])
            })
            .collect();
        assert!(changed, "{kind}");
        let copy = folder.path().join("wrong.json");
        fs::write(&copy, lines.join("\n")).expect("a copy");
        let output = run(&copy).expect("the interpreter ran");
        assert!(!output.status.success(), "{interpreter} takes a wrong vector of {kind}");
    }
}

#[test]
fn python_gives_the_same_bits() {
    check("python3", "check.py");
}

#[test]
fn node_gives_the_same_bits() {
    check("node", "check.mjs");
}
