//! The limit: what starting a server costs without Seedbed. A fresh initdb
//! cluster without databases of its own is copied by `cp -a` from the cache's
//! disk to where the product puts its clusters, `postgres` is started directly
//! with the product's parameters, answers one query, and is stopped.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal};
use seedbed_server::binaries::Binaries;
use seedbed_server::{Account, Base, Storage};
use tempfile::TempDir;

use super::contestant::time;
use super::wire;
use crate::stage::Stage;

/// How long a server may take to get ready.
const READY_BOUND: Duration = Duration::from_secs(30);
/// Pause between two looks; shorter ones would only take time from the server.
const LOOK: Duration = Duration::from_micros(500);
/// What a cluster needs, for the choice of storage.
const CLUSTER_BYTES: u64 = 64 << 20;

/// A cluster to copy and how to start the copy.
pub(crate) struct Bare {
    binaries: Binaries,
    account: Option<Account>,
    parameters: BTreeMap<String, String>,
    original: PathBuf,
    place: TempDir,
}

/// A server started from a copy.
struct Server {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Bare {
    /// Makes the cluster, the same way as the product makes its own.
    pub(crate) fn prepare(
        stage: &Stage,
        binaries: &Binaries,
        account: Option<&Account>,
    ) -> Result<Self> {
        let folder = stage.dir().join("bare");
        make_folder(&folder, account)?;
        let original = folder.join("data");
        let base = Base { binaries, locale: None };
        base.make(&original, &folder.join("log"), account)?;
        let folders = stage.folders()?;
        let chosen = Storage::Auto.place(&folders, CLUSTER_BYTES)?;
        // The product's own folder in memory belongs to the product.
        let parent = match &folders.memory {
            Some(memory) if *memory == chosen => memory.parent().unwrap_or(memory).to_owned(),
            _ => chosen,
        };
        let place = tempfile::Builder::new()
            .prefix("seedbed-bench-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir_in(parent)?;
        Ok(Self {
            binaries: binaries.clone(),
            account: account.cloned(),
            parameters: seedbed_server::parameters(&binaries.version, &BTreeMap::new()),
            original,
            place,
        })
    }

    /// Where copies go.
    pub(crate) fn place(&self) -> &Path {
        self.place.path()
    }

    /// Copy, start, first query, stop.
    pub(crate) fn sequence(&self) -> Result<Duration> {
        let began = Instant::now();
        let server = self.start()?;
        server.stop()?;
        let took = began.elapsed();
        self.clear()?;
        Ok(took)
    }

    /// The same with files replayed by psql: one process for each file, as
    /// most migration tools in shells do, or one for all.
    pub(crate) fn replay(
        &self,
        psql: &Path,
        files: &[PathBuf],
        together: bool,
    ) -> Result<Duration> {
        let began = Instant::now();
        let server = self.start()?;
        let call = |files: &[PathBuf]| {
            let mut command = Command::new(psql);
            command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres"]);
            command.arg("-h").arg(&server.folder).args(["-p", &server.port.to_string()]);
            command.stdin(Stdio::null()).stdout(Stdio::null());
            for file in files {
                command.arg("-f").arg(file);
            }
            time(&mut command).map(drop)
        };
        if together {
            call(files)?;
        } else {
            files.chunks(1).try_for_each(call)?;
        }
        server.stop()?;
        let took = began.elapsed();
        self.clear()?;
        Ok(took)
    }

    fn start(&self) -> Result<Server> {
        let folder = self.place.path().join("run");
        make_folder(&folder, self.account.as_ref())?;
        let data = folder.join("data");
        time(Command::new("cp").arg("-a").arg(&self.original).arg(&data))?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Command::new(self.binaries.postgres());
        command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        command.arg("-c").arg(format!("unix_socket_directories={}", folder.display()));
        command.args(["-c", "listen_addresses=127.0.0.1"]);
        for (name, value) in &self.parameters {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command.env_clear().env("LC_ALL", "C").current_dir("/").process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().context("cannot start postgres")?;
        let mut server = Server { child, folder, port };
        server.wait_ready(&data.join("postmaster.pid"))?;
        wire::first_query(&server.folder.join(format!(".s.PGSQL.{port}")))?;
        Ok(server)
    }

    /// Removes the copy; not part of any time.
    fn clear(&self) -> Result<()> {
        Ok(std::fs::remove_dir_all(self.place.path().join("run"))?)
    }
}

impl Server {
    /// `postmaster.pid` has a line that says `ready`.
    fn wait_ready(&mut self, status: &Path) -> Result<()> {
        let ready = seedbed_server::until(READY_BOUND, LOOK, || {
            let text = std::fs::read_to_string(status).unwrap_or_default();
            let ended = !matches!(self.child.try_wait(), Ok(None));
            (ended || text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
                .then_some(ended)
        });
        match ready {
            Some(false) => Ok(()),
            Some(true) => bail!("the bare server ended while starting"),
            None => bail!("the bare server was not ready after {READY_BOUND:?}"),
        }
    }

    fn stop(mut self) -> Result<()> {
        rustix::process::kill_process(Pid::from_child(&self.child), Signal::QUIT)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    /// After an error in between; one that was stopped is gone already.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = rustix::process::kill_process(Pid::from_child(&self.child), Signal::QUIT);
            let _ = self.child.wait();
        }
    }
}

/// A folder that the server's account owns.
fn make_folder(folder: &Path, account: Option<&Account>) -> Result<()> {
    std::fs::create_dir(folder)?;
    if let Some(account) = account {
        std::os::unix::fs::chown(folder, Some(account.uid), Some(account.gid))?;
    }
    Ok(())
}
