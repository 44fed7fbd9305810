//! One fence as a shell session: its commands in order, each within a bound.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process_group};

/// How long one command of a guide may take.
pub(crate) const BOUND: Duration = Duration::from_secs(120);

/// Separates what the session prints from what the commands print.
const MARK: char = '\u{1e}';

/// How a session went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// What the commands printed, both streams together.
    pub(crate) said: String,
    /// The number of the command that failed, counted from 0, and why.
    pub(crate) failed: Option<(usize, String)>,
}

/// Runs the commands in one `bash -e`; `shell` brings folder and environment.
///
/// # Errors
/// When there is no bash.
pub(crate) fn run(mut shell: Command, commands: &[String], bound: Duration) -> Result<Session> {
    let (reader, writer) = std::io::pipe()?;
    shell
        .args(["-e", "-c", &script(commands)])
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0);
    let child = shell.spawn().context("cannot run bash")?;
    // Our own ends of the pipe: the reader would wait for them.
    drop(shell);
    let (sender, lines) = channel();
    // Not joined: a process left behind may hold the pipe. Who looks for such
    // processes afterwards says so.
    std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    follow(child, &lines, bound)
}

/// The commands, each announced; the end is announced however it comes.
fn script(commands: &[String]) -> String {
    let mut script = String::from("trap 'printf \"\\036end\\n\"' EXIT\n");
    for (index, command) in commands.iter().enumerate() {
        script.push_str(&format!("printf '\\036{index}\\n'\n{command}\n"));
    }
    script
}

fn follow(mut child: Child, lines: &Receiver<String>, bound: Duration) -> Result<Session> {
    let mut said = String::new();
    let mut at = 0;
    let mut deadline = Instant::now() + bound;
    let late = loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => match line.split_once(MARK) {
                Some((before, "end")) => {
                    said.push_str(before);
                    break false;
                }
                Some((before, number)) => {
                    said.push_str(before);
                    at = number.parse().unwrap_or(at);
                    deadline = Instant::now() + bound;
                }
                None => {
                    said.push_str(&line);
                    said.push('\n');
                }
            },
            Err(RecvTimeoutError::Timeout) => break true,
            Err(RecvTimeoutError::Disconnected) => break false,
        }
    };
    if late {
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
    }
    let status = child.wait()?;
    let failed = match (late, status.success()) {
        (true, _) => Some((at, format!("took longer than {} s", bound.as_secs()))),
        (false, false) => Some((at, format!("ended with {status}"))),
        (false, true) => None,
    };
    Ok(Session { said, failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(commands: &[&str], bound: Duration) -> Session {
        let commands: Vec<String> = commands.iter().map(|&command| command.to_owned()).collect();
        run(Command::new("bash"), &commands, bound).unwrap()
    }

    #[test]
    fn commands_share_a_shell_and_both_streams_are_kept() {
        let session = session(&["a=1", "echo out $a", "printf err >&2"], BOUND);
        assert_eq!(session, Session { said: "out 1\nerr".into(), failed: None });
    }

    #[test]
    fn the_first_command_that_fails_ends_the_session() {
        let session = session(&["echo one", "exit 3", "echo never"], BOUND);
        assert_eq!(session.said, "one\n");
        let (at, why) = session.failed.unwrap();
        assert_eq!(at, 1);
        assert!(why.contains('3'), "{why}");
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let session = session(&["true", "sleep 60"], Duration::from_millis(300));
        assert_eq!(session.failed.map(|(at, _)| at), Some(1));
    }
}
