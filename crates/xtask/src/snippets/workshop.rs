//! Where the fences of a page run: a fresh copy of the example project, and a
//! Seedbed with folders of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Signal;
use walkdir::WalkDir;

use super::fence::Fence;
use super::output::is_as_shown;
use super::shell;
use crate::processes::{self, Process};
use crate::root;
use crate::stage::Stage;

/// The project the guides work on.
const EXAMPLE: &str = "examples/shop";

/// Programs a fence may use that a machine with Seedbed need not have.
const OPTIONAL: [&str; 2] = ["psql", "pg_isready"];

/// How long processes and records may take to disappear after a page.
const GONE: Duration = Duration::from_secs(20);

/// One for all pages: they share the cache, and nothing else.
pub(crate) struct Workshop {
    stage: Stage,
    project: PathBuf,
    target: PathBuf,
    path: std::ffi::OsString,
}

impl Workshop {
    /// Opens it with this program.
    pub(crate) fn open(program: &Path) -> Result<Self> {
        let stage = Stage::open("guides", program)?;
        let mut path = stage.dir().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        Ok(Self {
            stage,
            // Always the same place: cargo knows a package by it.
            project: root::scratch("guides")?.join("shop"),
            target: root::find()?.join("target/xtask/shop-target"),
            path,
        })
    }

    /// Runs the marked fences of one page and returns what is wrong.
    pub(crate) fn run(&self, fences: &[Fence]) -> Result<Vec<String>> {
        let marked = |fence: &Fence| fence.marks.iter().any(|mark| mark == "run");
        let Some(first) = fences.iter().find(|fence| marked(fence)) else {
            return Ok(Vec::new());
        };
        self.lay_out()?;
        let mut faults = Vec::new();
        for (index, fence) in fences.iter().enumerate() {
            if fence.is("toml", "run") {
                std::fs::write(self.project.join("seedbed.toml"), &fence.text)?;
                let show = ["seedbed config show".to_owned()];
                let session = shell::run(self.shell(), &show, shell::BOUND)?;
                faults.extend(session.failed.map(|_| fence.fault(0, session.said.trim_end())));
            } else if fence.is("console", "run") {
                let answer = fences.get(index + 1).filter(|next| next.is("text", "output"));
                faults.extend(self.console(fence, answer)?);
            }
        }
        if let Some(what) = self.leftovers() {
            faults.push(first.fault(0, &what));
            // The next page must not be blamed for it.
            self.stage.seedbed(&self.project).args(["down", "--all"]).status()?;
            for process in self.processes() {
                process.id().map(|id| id.signal(Signal::KILL));
            }
        }
        Ok(faults)
    }

    fn console(&self, fence: &Fence, answer: Option<&Fence>) -> Result<Option<String>> {
        let (lines, commands): (Vec<_>, Vec<_>) = fence.commands().into_iter().unzip();
        if let Some(missing) = commands.iter().find_map(|command| self.missing(command)) {
            println!("skip {} ({missing} is not installed)", fence.place(0));
            return Ok(None);
        }
        let session = shell::run(self.shell(), &commands, shell::BOUND)?;
        if let Some((at, why)) = session.failed {
            print!("{}", session.said);
            let (line, command) = (lines.get(at).copied(), commands.get(at));
            let command = command.map_or("", String::as_str);
            return Ok(Some(fence.fault(line.unwrap_or(0), &format!("`{command}` {why}"))));
        }
        Ok(answer.filter(|answer| !is_as_shown(&answer.text, &session.said)).map(|answer| {
            print!("{}", session.said);
            answer.fault(0, "the commands printed something else")
        }))
    }

    /// A program of a command that is not on this machine.
    fn missing(&self, command: &str) -> Option<&'static str> {
        let there = |name: &&str| {
            std::env::split_paths(&self.path).any(|folder| folder.join(name).is_file())
        };
        let named = |name: &&str| command.split_whitespace().any(|word| word == *name);
        OPTIONAL.into_iter().find(|name| named(name) && !there(name))
    }

    /// A fresh copy of the example. Times are kept, so that cargo sees what is
    /// built already.
    fn lay_out(&self) -> Result<()> {
        if self.project.exists() {
            std::fs::remove_dir_all(&self.project)?;
        }
        let source = root::find()?.join(EXAMPLE);
        let entries = WalkDir::new(&source).into_iter();
        for entry in entries.filter_entry(|entry| entry.file_name() != "target") {
            let entry = entry?;
            let copy = self.project.join(entry.path().strip_prefix(&source)?);
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(&copy)?;
            } else {
                std::fs::copy(entry.path(), &copy)?;
                std::fs::File::options()
                    .write(true)
                    .open(&copy)?
                    .set_modified(entry.metadata()?.modified()?)?;
            }
        }
        Ok(())
    }

    /// A shell in the project that meets the workshop's Seedbed.
    fn shell(&self) -> Command {
        let model = self.stage.seedbed(&self.project);
        let mut shell = Command::new("bash");
        for (name, value) in model.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.env("PATH", &self.path).env("CARGO_TARGET_DIR", &self.target);
        shell.current_dir(&self.project);
        shell
    }

    /// What a page left behind: a process that knows our folders, a record, or
    /// a folder of a server.
    fn leftovers(&self) -> Option<String> {
        let look = || self.remains().unwrap_or_else(|error| Some(error.to_string()));
        let clean = || look().is_none().then_some(());
        match seedbed_server::until(GONE, Duration::from_millis(50), clean) {
            Some(()) => None,
            None => look().map(|what| format!("after the page there is still {what}")),
        }
    }

    fn remains(&self) -> Result<Option<String>> {
        let mut ps = self.stage.seedbed(&self.project);
        let listed = ps.arg("ps").stdout(std::process::Stdio::piped()).output()?.stdout;
        if !listed.is_empty() {
            return Ok(Some(format!("{:?} of `seedbed ps`", String::from_utf8_lossy(&listed))));
        }
        for folder in [self.stage.state().join("runs"), self.stage.runtime()] {
            let Ok(mut entries) = std::fs::read_dir(&folder) else { continue };
            if let Some(entry) = entries.next() {
                return Ok(Some(entry.context("cannot list")?.path().display().to_string()));
            }
        }
        let process = self.processes().into_iter().next();
        Ok(process.map(|process| format!("the process {} ({})", process.pid, process.name)))
    }

    /// Whatever runs with one of our folders in its environment or its words.
    fn processes(&self) -> Vec<Process> {
        let ours = self.stage.dir().to_string_lossy().into_owned();
        let knows = |words: Vec<String>| words.iter().any(|word| word.contains(&ours));
        let mut all = processes::all();
        all.retain(|process| knows(process.environment()) || knows(process.words()));
        all
    }
}
