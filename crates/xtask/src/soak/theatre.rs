//! Where a lane plays: a stage with a project on it, and the jobs of the
//! program under test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use seedbed_server::{ClaimKind, Record};

use super::scene::SceneKind;
use crate::project;
use crate::stage::Stage;

/// No job of ours takes longer, whoever was killed.
const JOB_BOUND: Duration = Duration::from_secs(60);

/// A stage, a project, and this program as the wrapped command.
pub(crate) struct Theatre {
    pub(crate) stage: Stage,
    project: PathBuf,
    client: PathBuf,
    said: PathBuf,
    private: bool,
}

/// A job that was started.
pub(crate) struct Job(Child);

impl Theatre {
    /// Prepares a stage for `program`.
    pub(crate) fn open(program: &Path, private: bool) -> Result<Self> {
        let stage = Stage::open("soak", program)?;
        let project = project::thirty_tables(&stage.dir().join("project"))?;
        let client = stage.dir().join("client");
        std::fs::copy(std::env::current_exe()?, &client)?;
        let said = stage.dir().join("said");
        Ok(Self { stage, project, client, said, private })
    }

    /// Starts what the scene is about. With `daemon`, the wrapped command
    /// keeps a process in another session.
    pub(crate) fn start(&self, scene: SceneKind, daemon: bool) -> Result<Job> {
        if scene == SceneKind::Cold {
            self.forget_images()?;
        }
        match scene {
            SceneKind::Cached | SceneKind::Cold | SceneKind::OnUp => {
                self.spawn(self.run_command(daemon))
            }
            SceneKind::UpStart => self.spawn(self.words(&["up"])),
            SceneKind::Down => self.spawn(self.words(&["down"])),
        }
    }

    /// `seedbed run` of the client; the command's group has a second member
    /// that would stay for ever.
    fn run_command(&self, daemon: bool) -> Command {
        let mut command = self.words(&["run", "--", "sh", "-c", "sleep 300 & exec \"$@\"", "sh"]);
        command.arg(&self.client).args(["soak", "client"]);
        if daemon {
            command.arg("daemon");
        }
        command
    }

    /// This program, as it was when the stage was opened.
    pub(crate) fn client(&self) -> &Path {
        &self.client
    }

    /// Calls the program with these words on the project; it speaks JSON,
    /// which names the kind of a failure.
    pub(crate) fn words(&self, words: &[&str]) -> Command {
        let mut command = self.stage.seedbed(&self.project);
        command.arg("--json").args(words);
        if !self.private {
            // Others use the memory folder too; see `ledger`.
            command.env("SEEDBED_STORAGE", "disk");
        }
        command
    }

    /// Starts a job; what it says goes to a file.
    pub(crate) fn spawn(&self, mut command: Command) -> Result<Job> {
        let said = File::create(&self.said)
            .with_context(|| format!("cannot write {}", self.said.display()))?;
        Ok(Job(command.stderr(said).spawn().context("cannot start seedbed")?))
    }

    /// The same; what its command prints is shown.
    pub(crate) fn spawn_loud(&self, mut command: Command) -> Result<Job> {
        command.stdout(Stdio::inherit());
        self.spawn(command)
    }

    /// Runs a job to its end, which must be good.
    pub(crate) fn succeed(&self, what: &str, command: Command) -> Result<()> {
        let status = self.spawn(command)?.end()?;
        if !status.success() {
            bail!("{what} ended with {status}: {}", self.said());
        }
        Ok(())
    }

    /// A normal run, which must succeed.
    pub(crate) fn run(&self) -> Result<()> {
        self.succeed("the next run", self.run_command(false))
    }

    /// What the last job said.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap_or_default().trim_end().to_owned()
    }

    /// The living service of this stage.
    pub(crate) fn service(&self) -> Result<Option<Record>> {
        let living = seedbed_server::living(&self.stage.folders()?);
        let mut services = living.into_iter().filter(|record| record.kind == ClaimKind::Up);
        Ok(services.find(|record| record.owner.alive()))
    }

    /// Makes a service run, or none, as a scene needs it.
    pub(crate) fn set(&self, scene: SceneKind) -> Result<Option<Record>> {
        match (self.service()?, scene.needs_service()) {
            (Some(record), true) => return Ok(Some(record)),
            (None, false) => return Ok(None),
            (None, true) => self.succeed("up", self.words(&["up"]))?,
            (Some(_), false) => self.succeed("down", self.words(&["down"]))?,
        }
        self.service()
    }

    fn forget_images(&self) -> Result<()> {
        let images = self.stage.folders()?.images();
        if images.exists() {
            std::fs::remove_dir_all(&images)?;
        }
        Ok(())
    }
}

impl Job {
    /// Its process.
    pub(crate) fn pid(&self) -> i32 {
        self.0.id().cast_signed()
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.0.try_wait()?.is_some())
    }

    /// Waits for its end, however long that takes.
    pub(crate) fn end_whenever(&mut self) -> Result<ExitStatus> {
        Ok(self.0.wait()?)
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> Result<ExitStatus> {
        let look = || self.0.try_wait().transpose();
        match seedbed_server::until(JOB_BOUND, Duration::from_millis(5), look) {
            Some(status) => Ok(status?),
            None => bail!("process {} has not ended after {JOB_BOUND:?}", self.0.id()),
        }
    }
}
