//! A process that goes on while the test does. Killed when dropped, so that a
//! failing test leaves no process either.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::patience::until;
use crate::project::Outcome;

/// Every wait for a process is bounded by this.
const BOUND: Duration = Duration::from_secs(60);

/// A running process whose output is collected.
pub(crate) struct Running {
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

impl Running {
    /// Starts it, in a process group of its own.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn().unwrap();
        let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let stdout = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stdout.read_to_end(&mut bytes).unwrap();
            bytes
        });
        let stderr = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.read_to_end(&mut bytes).unwrap();
            bytes
        });
        Self { child, stdout: Some(stdout), stderr: Some(stderr) }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for the end and for everybody who holds its output.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Outcome {
        let status = until(BOUND, || self.child.try_wait().unwrap());
        let Some(status) = status else {
            self.child.kill().unwrap();
            panic!("the process did not end within {BOUND:?}");
        };
        let collect = |stream: &mut Option<JoinHandle<Vec<u8>>>| {
            let handle = stream.take().unwrap();
            until(BOUND, || handle.is_finished().then_some(()))
                .expect("somebody keeps the output open");
            handle.join().unwrap()
        };
        let (stdout, stderr) = (collect(&mut self.stdout), collect(&mut self.stderr));
        Outcome::from(Output { status, stdout, stderr })
    }
}

impl Running {
    /// Waits for its own end only: others may hold its output for longer.
    pub(crate) fn finish_killed(mut self) -> Option<i32> {
        let status = until(BOUND, || self.child.try_wait().unwrap());
        status.expect("a killed process ends").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
