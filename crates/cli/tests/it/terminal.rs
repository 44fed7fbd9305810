//! Colour, silence and broken pipes.

use std::io::Read as _;
use std::process::Stdio;

use crate::session::Session;

fn stderr_of(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let session = Session::with_config("sever = 1\n");
    let output = session.command(arguments).envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn colour_is_for_terminals_unless_asked() {
    let show = ["config", "show"];
    assert!(!stderr_of(&show, &[]).contains('\x1b'));
    assert!(stderr_of(&["--color", "always", "config", "show"], &[]).contains("\x1b["));
    assert!(!stderr_of(&["--color", "never", "config", "show"], &[]).contains('\x1b'));
    // CLICOLOR_FORCE is how one asks for colour through a pipe; NO_COLOR wins over it.
    assert!(stderr_of(&show, &[("CLICOLOR_FORCE", "1")]).contains("\x1b["));
    assert!(!stderr_of(&show, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\x1b'));
}

#[test]
fn quiet_says_nothing_but_errors() {
    assert_eq!(stderr_of(&["--quiet", "config", "show"], &[]), "");
    let session = Session::with_config("storage = 1\n");
    let output = session.command(&["-q", "config", "show"]).output().unwrap();
    assert!(output.stderr.starts_with(b"error: seedbed.toml:1: "), "{output:?}");
}

#[test]
fn json_talk_is_one_event_a_line() {
    let talk = stderr_of(&["--json", "config", "show"], &[]);
    let event: serde_json::Value = serde_json::from_str(talk.trim_end()).unwrap();
    assert_eq!(event["event"], "warning");
}

#[test]
fn a_reader_who_leaves_is_no_error() {
    let session = Session::new();
    let mut child = session
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut talk = String::new();
    child.stderr.take().unwrap().read_to_string(&mut talk).unwrap();
    assert!(child.wait().unwrap().success(), "{talk}");
    assert_eq!(talk, "");
}
