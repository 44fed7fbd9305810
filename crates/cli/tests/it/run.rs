//! What `run` says, and to whom: the wrapped command owns stdout.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Output, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use seedbed_api::Event;

use crate::session::{Session, render, snapshot};

/// A project with two migrations, the second of which takes a while.
fn project() -> Session {
    let session = Session::new();
    session.write("migrations/1_users.sql", "CREATE TABLE users (id int PRIMARY KEY);");
    session.write("migrations/2_slow.sql", "SELECT pg_sleep(0.6);");
    session
}

fn run(session: &Session, arguments: &[&str]) -> Output {
    session.command(arguments).env("PATH", std::env::var_os("PATH").unwrap()).output().unwrap()
}

#[test]
fn stdout_is_the_commands_and_the_last_line_tells_the_times() {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"<?\d+(\.\d)? (ms|s)\b", "[TIME]");
    settings.add_filter(r"fetch \[TIME\] · ", "");
    let _bound = settings.bind_to_scope();

    let session = project();
    let command = ["run", "sh", "-c", "echo data; echo talk >&2; exit 3"];
    snapshot!(render(&run(&session, &command), &session.project()), @r"
    exit: 3
    --- stdout
    data
    --- stderr
    talk
    seedbed: initdb [TIME] · start [TIME] · migrate [TIME] · command [TIME] · clean-up [TIME]
    ");
    snapshot!(render(&run(&session, &command), &session.project()), @r"
    exit: 3
    --- stdout
    data
    --- stderr
    talk
    seedbed: start [TIME] · migrate cached · command [TIME] · clean-up [TIME]
    ");

    let quiet = run(&session, &["--quiet", "run", "--", "true"]);
    assert_eq!((quiet.status.code(), quiet.stdout, quiet.stderr), (Some(0), vec![], vec![]));
}

fn events(output: &Output) -> Vec<Event> {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn events_are_json_lines_on_stderr() {
    let session = project();
    let output = run(&session, &["--json", "run", "sh", "-c", "echo data; exit 4"]);
    assert_eq!(output.stdout, b"data\n");
    let events = events(&output);
    assert!(events.iter().any(|event| matches!(event, Event::Ready { reused: false, .. })));
    let applied = events
        .iter()
        .filter(|event| matches!(event, Event::Progress { total: 2, took_us: Some(_), .. }));
    assert_eq!(applied.count(), 2);
    let Some(Event::Summary { phases, exit_code: Some(4) }) = events.last() else {
        panic!("{events:?}")
    };
    assert!(phases.migrate_us >= 600_000, "{phases:?}");

    session.write("migrations/2_slow.sql", "SELECT broken;");
    let output = run(&session, &["--json", "run", "true"]);
    assert_eq!(output.status.code(), Some(122));
    let last = self::events(&output).pop();
    let Some(Event::Failed { kind, message, exit_code: 122, .. }) = last else {
        panic!("{last:?}")
    };
    assert_eq!(kind, "build");
    assert!(message.contains("migrations/2_slow.sql:1"), "{message}");
}

/// What a person at a terminal sees of a run.
fn on_terminal(session: &Session, arguments: &[&str]) -> String {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    let theirs: OwnedFd = File::options().read(true).write(true).open(name).unwrap().into();
    let mut child = session
        .command(arguments)
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stderr(theirs)
        .spawn()
        .unwrap();
    let mut seen = Vec::new();
    let mut terminal = File::from(ours);
    let mut buffer = [0; 4096];
    // EIO is how Linux says that the other side is closed.
    while let Ok(count @ 1..) = terminal.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..count]);
    }
    assert!(child.wait().unwrap().success());
    String::from_utf8_lossy(&seen).into_owned()
}

#[test]
fn progress_is_drawn_on_a_terminal_and_taken_off_again() {
    let session = project();
    let seen = on_terminal(&session, &["run", "true"]);
    assert!(seen.contains("migrate 2/2 2_slow"), "{seen:?}");
    let (_, last) = seen.trim_end().rsplit_once("\x1b[2K").unwrap();
    assert!(last.starts_with("seedbed: ") && !last.contains('\n'), "{seen:?}");

    session.write("migrations/3_slow.sql", "SELECT pg_sleep(0.6);");
    let seen = on_terminal(&session, &["--no-progress", "run", "true"]);
    assert!(seen.starts_with("seedbed: ") && seen.trim_end().lines().count() == 1, "{seen:?}");
}
