//! The service that is measured: `seedbed run --workers`, a process of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use seedbed_api::Secret;
use seedbed_api::lease::Lane;
use seedbed_db::Target;
use seedbed_httpd::Address;

use crate::stage::Stage;

/// How long a service may take to end.
const END_BOUND: Duration = Duration::from_secs(60);
/// Tells where everything is, then lives as long as its input.
const COMMAND: &str = r#"printf '%s\n' "$SEEDBED_API_SOCKET" "$SEEDBED_TOKEN" "$SEEDBED_SOCKET_URL" "$DATABASE_URL"; exec cat >/dev/null"#;

/// A running service; it ends on drop.
pub(crate) struct Service {
    child: Child,
    // Taken on drop, which tells it to end.
    input: Option<ChildStdin>,
    /// Its unix socket.
    pub(crate) address: Address,
    pub(crate) token: Secret,
    /// The server's maintenance database over its unix socket, as superuser.
    pub(crate) admin: Target,
    /// The same over TCP.
    pub(crate) admin_tcp: Target,
}

impl Service {
    /// Starts it on a project, with so many slots.
    pub(crate) fn start(stage: &Stage, project: &Path, workers: usize, lane: Lane) -> Result<Self> {
        let said = project.join(format!("said-{}", lane.word()));
        let mut command = stage.seedbed(project);
        command.args(["run", "--workers", &workers.to_string(), "--lane", lane.word(), "--"]);
        command.args(["sh", "-c", COMMAND]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&said)?);
        let mut child = command.spawn().context("cannot run seedbed")?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let mut told = Vec::new();
        for line in BufReader::new(output.context("it has no output")?).lines() {
            told.push(line?);
            if told.len() == 4 {
                break;
            }
        }
        let [socket, token, socket_url, url] = told.as_slice() else {
            let status = child.wait()?;
            let said = std::fs::read_to_string(&said).unwrap_or_default();
            bail!("the service ended with {status}: {}", said.trim());
        };
        let maintenance =
            |url: &str| Target::parse(url).map(|target| target.with_database("postgres"));
        Ok(Self {
            child,
            input,
            address: Address::Unix(PathBuf::from(socket)),
            token: Secret::new(token.clone()),
            admin: maintenance(socket_url)?,
            admin_tcp: maintenance(url)?,
        })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.input.take());
        let ended = || self.child.try_wait().ok().flatten();
        if seedbed_server::until(END_BOUND, Duration::from_millis(10), ended).is_none() {
            // Its reaper cleans up.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
