//! A recipe's command (`alembic upgrade head`): run in the project's folder
//! with the database in its environment. Its output is shown only if it fails.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::time::Duration;

use seedbed_api::{Context, Failure, Kind, Result};
use seedbed_db::Target;
use seedbed_isolation::RunCommand;

use crate::child_environment::{self, Told};
use crate::config::{Template, Value};

/// Lines of output shown when the command fails.
const LINES_SHOWN: usize = 30;

/// How long a recipe's command may take.
const BOUND: Duration = Duration::from_secs(60 * 60);

/// Runs command recipes in the project's folder.
pub(crate) struct Runner<'a> {
    pub(crate) root: &'a Path,
    /// Identity of the run or service the program works for.
    pub(crate) mark: &'a str,
    /// Version of the server.
    pub(crate) version: &'a str,
    /// Variables the person defined.
    pub(crate) templates: &'a BTreeMap<String, Value<Template>>,
}

impl RunCommand for Runner<'_> {
    fn run<'a>(
        &'a self,
        argv: &'a [String],
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>> {
        // One thread, nothing else to do meanwhile: blocking is right here.
        Box::pin(async move { self.run_to_end(argv, target) })
    }
}

impl Runner<'_> {
    fn run_to_end(&self, argv: &[String], target: &Target) -> Result<()> {
        let shown = argv.join(" ");
        let (program, arguments) = argv
            .split_first()
            .ok_or_else(|| Failure::new(Kind::Recipe, "the recipe's command is empty"))?;
        let mut output = scratch()?;
        let log =
            || output.try_clone().context(Kind::Environment, || "no file descriptor left".into());
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.root)
            .stdin(Stdio::null())
            .stdout(log()?)
            .stderr(log()?)
            .process_group(0);
        // The same variables as the wrapped command's: a migration that finds the
        // outer value of one of them may run elsewhere, in production perhaps. By
        // the mark among them the reaper finds the program should we die.
        child_environment::equip(
            &mut command,
            target,
            &Told {
                run: self.mark,
                version: self.version,
                socket: None,
                admin: None,
                templates: self.templates,
            },
        );
        let mut child = command.spawn().map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => Kind::NotFound,
                _ => Kind::NotExecutable,
            };
            Failure::new(kind, format!("cannot run the recipe's command `{shown}`"))
                .because(error)
                .hint("[recipe]\ncommand = \"…\"   # run by sh in the project's folder")
        })?;
        let status = seedbed_server::until(BOUND, Duration::from_millis(20), || {
            child.try_wait().ok().flatten()
        });
        let failure = match status {
            Some(status) if status.success() => return Ok(()),
            Some(status) => Failure::new(
                Kind::Build,
                format!("the recipe's command `{shown}` ended with {status}"),
            ),
            None => {
                let _ = rustix::process::kill_process_group(
                    rustix::process::Pid::from_child(&child),
                    rustix::process::Signal::KILL,
                );
                let _ = child.wait();
                Failure::new(
                    Kind::Timeout,
                    format!(
                        "the recipe's command `{shown}` took longer than {} s",
                        BOUND.as_secs()
                    ),
                )
            }
        };
        Err(failure
            .detail(seedbed_server::tail(&mut output, LINES_SHOWN).unwrap_or_default().trim_end())
            .hint(format!("{shown}   # to try it by hand against a database of your own")))
    }
}

/// A file without a name: gone with its last descriptor.
fn scratch() -> Result<File> {
    tempfile::tempfile().context(Kind::Environment, || "cannot make a temporary file".into())
}
