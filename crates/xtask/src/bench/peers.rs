//! Peers: other tools that start a server for tests. Each is installed by its
//! own package client into a scratch folder, never into the project, and runs
//! as a process that starts a server, asks one query and stops it for every
//! line it reads. So the time of a turn holds no start of an interpreter, which
//! favours the peers: the product's own turns are whole processes. A peer that
//! is asked for a part of its turn only answers with the time that took.

pub(crate) mod install;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use seedbed_server::Account;
use seedbed_server::binaries::Binaries;

use crate::stage::Stage;

/// How long a peer may take to end when its input has ended.
const END_BOUND: Duration = Duration::from_secs(5);

/// A peer that answers.
pub(crate) struct Peer {
    name: String,
    child: Child,
    // Taken on drop, which tells it to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    said: PathBuf,
}

/// What installing and starting a peer needs.
pub(crate) struct Ground<'a> {
    /// Its scratch folder, which the account owns.
    pub(crate) folder: PathBuf,
    /// The server programs of the machine.
    pub(crate) binaries: &'a Binaries,
    /// As root: who runs it, because PostgreSQL refuses to be root.
    pub(crate) account: Option<&'a Account>,
}

/// Installs everything that can be installed here and lets each have a turn;
/// the reason for those that cannot.
pub(crate) fn install(
    wanted: bool,
    stage: &Stage,
    binaries: &Binaries,
) -> Vec<(&'static str, Result<Peer>)> {
    let recipes = if wanted { install::RECIPES } else { &[] };
    let account = Account::choose(None).ok().flatten();
    recipes
        .iter()
        .map(|recipe| {
            let folder = stage.dir().join("peers").join(recipe.name.replace([' ', '.'], "_"));
            let ground = Ground { folder, binaries, account: account.as_ref() };
            (recipe.name, ground.set_up(recipe))
        })
        .collect()
}

impl Ground<'_> {
    /// Makes the scratch folder, and one in it where the account may write.
    pub(crate) fn make_folders(&self) -> Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let work = self.folder.join("work");
        std::fs::create_dir(&work)?;
        if let Some(account) = self.account {
            std::os::unix::fs::chown(&work, Some(account.uid), Some(account.gid))?;
        }
        Ok(())
    }

    fn set_up(&self, recipe: &install::Recipe) -> Result<Peer> {
        self.make_folders()?;
        let command = (recipe.prepare)(self)?;
        let mut peer = Peer::start(recipe.name, command, &self.folder.join("said"))?;
        peer.turn()?;
        Ok(peer)
    }

    /// A command that runs as the account, in its own folder, with the server's
    /// programs on its path.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        let work = self.folder.join("work");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders =
            std::iter::once(self.binaries.bin_dir.clone()).chain(std::env::split_paths(&path));
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        command.env("HOME", &work).env("TMPDIR", &work).env("BIN_DIR", &self.binaries.bin_dir);
        command.env("LC_ALL", "C").env_remove("DATABASE_URL").current_dir(&work);
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }
}

impl Peer {
    /// Starts it; what it says of errors goes into a file.
    pub(crate) fn start(
        name: impl Into<String>,
        mut command: Command,
        said: &Path,
    ) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(said)?);
        let mut child = command.process_group(0).spawn().context("cannot be started")?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("has no pipes");
        };
        let output = BufReader::new(output);
        Ok(Self { name: name.into(), child, input: Some(input), output, said: said.to_owned() })
    }

    /// Its line in the report.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// One turn: a line to it, an answer from it.
    pub(crate) fn turn(&mut self) -> Result<Duration> {
        let began = Instant::now();
        let asked = self.input.as_mut().is_some_and(|input| input.write_all(b"\n").is_ok());
        let mut answer = String::new();
        while asked && self.output.read_line(&mut answer).is_ok_and(|bytes| bytes > 0) {
            let took = began.elapsed();
            if let Some(own) = own_time(&answer) {
                return Ok(own.unwrap_or(took));
            }
            answer.clear();
        }
        bail!(
            "{}",
            install::last_words(&self.said).unwrap_or_else(|| "ended without a word".into())
        );
    }
}

/// Whether a line ends in an answer, `done`, and the microseconds behind it, if
/// there are any. Before it stands what the peer's runner tells of progress.
fn own_time(line: &str) -> Option<Option<Duration>> {
    let (_, rest) = line.rsplit_once("done")?;
    Some(rest.trim().parse().ok().map(Duration::from_micros))
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.input.take());
        let ended = || self.child.try_wait().ok().flatten();
        if seedbed_server::until(END_BOUND, Duration::from_millis(10), ended).is_none() {
            let group = rustix::process::Pid::from_child(&self.child);
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            let _ = self.child.wait();
        }
        let mut rest = Vec::new();
        let _ = self.output.read_to_end(&mut rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_behind_what_a_runner_prints() {
        assert_eq!(own_time("done\n"), Some(None));
        assert_eq!(own_time("..done 120\n"), Some(Some(Duration::from_micros(120))));
        assert_eq!(own_time("running 300 tests\n"), None);
    }
}
