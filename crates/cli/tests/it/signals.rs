//! Signals, process groups and terminals, with real processes.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::patience::{content, until};
use crate::postmaster::{alive, state};
use crate::project::Project;

/// A shell that tells each signal and ends by the last of three.
const TELLS: &str = "trap 'echo got INT; exit 11' INT; trap 'echo got TERM; exit 12' TERM
    trap 'echo got HUP; exit 13' HUP; echo ready > ready; while :; do sleep 0.02; done";

#[test]
fn signals_arrive_at_the_command_and_its_code_passes_through() {
    let project = Project::new();
    for (signal, name, code) in
        [(Signal::INT, "INT", 11), (Signal::TERM, "TERM", 12), (Signal::HUP, "HUP", 13)]
    {
        let running = project.start(TELLS);
        content(&project.root().join("ready"));
        std::fs::remove_file(project.root().join("ready")).unwrap();
        running.signal(signal);
        let outcome = running.finish();
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        assert_eq!(outcome.stdout, format!("got {name}\n"));
    }
}

#[test]
fn a_command_without_handlers_ends_by_the_signal() {
    let project = Project::new();
    let running = project.start("echo ready > ready; exec sleep 60");
    content(&project.root().join("ready"));
    running.signal(Signal::INT);
    assert_eq!(running.finish().code, Some(128 + 2));
}

#[test]
fn the_second_interrupt_kills_who_ignores_the_first() {
    let project = Project::new();
    let running = project
        .start("trap 'echo told > told' INT; echo ready > ready; while :; do sleep 0.02; done");
    content(&project.root().join("ready"));
    running.signal(Signal::INT);
    content(&project.root().join("told"));
    running.signal(Signal::INT);
    assert_eq!(running.finish().code, Some(128 + 9));
}

#[test]
fn what_the_command_leaves_in_the_background_ends_with_it() {
    let project = Project::new();
    let script = "sleep 61 & echo $! > polite
                  sh -c 'trap \"\" TERM; echo $$ > stubborn; while :; do sleep 0.05; done' &
                  while ! test -s stubborn; do sleep 0.01; done; exit 5";
    let outcome = project.run(&["run", "--", "sh", "-c", script]);
    assert_eq!(outcome.code, Some(5), "{outcome:?}");
    for name in ["polite", "stubborn"] {
        let pid = content(&project.root().join(name));
        assert!(!alive(&pid), "{name} still runs");
    }
}

#[test]
fn a_signal_during_the_clean_up_does_not_cut_it_short() {
    let project = Project::new();
    let running = project.start("trap '' INT; echo ready > ready; sleep 0.1");
    content(&project.root().join("ready"));
    for _ in 0..200 {
        let _ = kill_process(running.pid(), Signal::HUP);
        std::thread::park_timeout(Duration::from_millis(1));
    }
    running.finish();
}

/// A terminal whose foreground job is the binary.
struct Terminal {
    ours: File,
    child: Child,
}

impl Terminal {
    /// Starts an interactive shell, as a person does, on a terminal of its own.
    fn shell(project: &Project) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let open =
            || -> OwnedFd { File::options().read(true).write(true).open(&name).unwrap().into() };
        let theirs = open();
        // `setsid --ctty` makes the terminal on its standard input its own.
        let mut command = Command::new("setsid");
        project.equip(&mut command);
        command
            .args(["--ctty", "--wait", "bash", "--norc", "--noprofile", "-i"])
            .env("PS1", "$ ")
            .env("TERM", "dumb")
            .env("SEEDBED", env!("CARGO_BIN_EXE_seedbed"))
            .stdin(theirs.as_fd().try_clone_to_owned().unwrap())
            .stdout(theirs.as_fd().try_clone_to_owned().unwrap())
            .stderr(theirs)
            .process_group(0);
        let child = command.spawn().unwrap();
        Self { ours: File::from(ours), child }
    }

    fn types(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this process leads the foreground job.
    #[track_caller]
    fn belongs_to(&self, pid: &str) {
        let holder = || rustix::termios::tcgetpgrp(&self.ours).unwrap().to_string();
        until(Duration::from_secs(10), || (holder() == pid).then_some(())).expect("the terminal");
    }

    /// Ends the shell and returns everything the terminal showed.
    fn leave(mut self) -> String {
        self.types("exit\n");
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        // EIO is how Linux says that the other side is closed.
        while let Ok(count @ 1..) = self.ours.read(&mut buffer) {
            seen.extend_from_slice(&buffer[..count]);
        }
        self.child.wait().unwrap();
        String::from_utf8_lossy(&seen).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn on_a_terminal_the_command_reads_the_keyboard_and_hears_ctrl_c() {
    let project = Project::new();
    let root = project.root();
    let mut terminal = Terminal::shell(&project);
    terminal.types(
        "\"$SEEDBED\" -q run -- sh -c 'echo ready > ready; read line; echo $line > heard'\n",
    );
    content(&root.join("ready"));
    terminal.types("typed\n");
    assert_eq!(content(&root.join("heard")), "typed");

    terminal.types("\"$SEEDBED\" -q run -- sh -c 'trap \"echo int > int; exit 9\" INT; echo $$ > again; while :; do sleep 0.02; done'; echo $? > code\n");
    terminal.belongs_to(&content(&root.join("again")));
    terminal.types("\u{3}");
    assert_eq!(content(&root.join("int")), "int");
    assert_eq!(content(&root.join("code")), "9");
    // The shell has its terminal back and goes on.
    terminal.types("echo back > back\n");
    assert_eq!(content(&root.join("back")), "back");
    terminal.leave();
}

#[test]
fn ctrl_z_stops_both_and_fg_goes_on() {
    let project = Project::new();
    let root = project.root();
    let mut terminal = Terminal::shell(&project);
    // The shell itself waits, at a pipe: one that starts programs in a loop
    // cannot stop while a child of its vfork(2) is stopped.
    terminal.types("mkfifo go; \"$SEEDBED\" -q run -- sh -c 'echo $$ > pid; read line < go; echo done > done'\n");
    let pid = content(&root.join("pid"));
    terminal.belongs_to(&pid);
    terminal.types("\u{1a}");
    until(Duration::from_secs(10), || (state(&pid) == Some('T')).then_some(()))
        .expect("the command stops");
    terminal.types("jobs > jobs; echo end >> jobs\n");
    let jobs = content(&root.join("jobs"));
    assert!(jobs.contains("Stopped"), "{jobs}");
    assert!(!root.join("done").exists());
    terminal.types("fg; echo $? > code\n");
    until(Duration::from_secs(10), || (state(&pid) == Some('S')).then_some(()))
        .expect("it goes on");
    std::fs::write(root.join("go"), "on\n").unwrap();
    assert_eq!(content(&root.join("done")), "done");
    assert_eq!(content(&root.join("code")), "0");
    terminal.leave();
}

#[test]
fn a_server_that_is_up_outlives_its_terminal() {
    let project = Project::new();
    let mut terminal = Terminal::shell(&project);
    terminal.types("\"$SEEDBED\" up; echo up > up\n");
    content(&project.root().join("up"));
    terminal.leave();
    let listed = project.run(&["ps"]);
    assert!(listed.succeeds().stdout.contains("seedbed up"), "{listed:?}");
    project.run(&["down"]).succeeds();
}
