//! The base cluster: what `initdb` makes, made once per server build and
//! locale, then only copied.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use seedbed_api::{Context, Failure, Kind, Result};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::postmaster::{self, SUPERUSER};
use crate::process::ProcessId;
use crate::settings::WAL_SEGMENT_MB;
use crate::tail::tail_of;
use crate::wait;

/// `initdb` takes a second; on a slow disk a few.
const INITDB_BOUND: Duration = Duration::from_secs(180);

/// Raised when clusters made by an older Seedbed must not be used any more.
const FORMAT: u8 = 1;

/// What a base cluster depends on.
#[derive(Clone, Debug)]
pub struct Base<'a> {
    /// Whose `initdb`.
    pub binaries: &'a Binaries,
    /// The person's locale; `None` is code point order with Unicode classes.
    pub locale: Option<&'a str>,
}

/// Who may connect how. The socket's folder is 0700, so whoever reaches the
/// socket is the person (or root); TCP asks for the password.
const HBA: &str = "local all all trust\n\
                   local replication all trust\n\
                   host all all 127.0.0.1/32 md5\n\
                   host all all ::1/128 md5\n\
                   host replication all 127.0.0.1/32 md5\n";

impl Base<'_> {
    /// Hash over everything the cluster's bytes depend on: the first link of
    /// every fingerprint chain.
    #[must_use]
    pub fn key(&self) -> [u8; 32] {
        let mut hash = blake3::Hasher::new_derive_key("seedbed base cluster 1");
        let locale = self.locale.unwrap_or_default();
        // Collation of a named libc locale comes with the operating system.
        let system = if self.locale.is_some() { os_release() } else { String::new() };
        for part in [&self.binaries.build, locale, &system, HBA] {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(&[FORMAT, WAL_SEGMENT_MB]);
        *hash.finalize().as_bytes()
    }

    /// Runs `initdb` into `data`, whose parent `account` must own.
    ///
    /// # Errors
    /// [`Kind::ServerFailed`] with what `initdb` said.
    pub fn make(&self, data: &Path, log: &Path, account: Option<&Account>) -> Result<()> {
        let mut outcome = self.initdb(data, log, account, self.locale_arguments());
        let no_locale = || tail_of(log, 12).contains("locale");
        if outcome.is_err() && self.locale.is_none() && no_locale() {
            // A system without C.UTF-8; "C" exists everywhere.
            crate::folders::remove(data)?;
            outcome = self.initdb(data, log, account, vec!["--locale=C".to_owned()]);
        }
        outcome?;
        std::fs::write(data.join("pg_hba.conf"), HBA)
            .context(Kind::Environment, || format!("cannot write {}/pg_hba.conf", data.display()))
    }

    fn locale_arguments(&self) -> Vec<String> {
        match self.locale {
            Some(locale) => vec![format!("--locale={locale}")],
            // From 17 the server brings its own Unicode tables (manual,
            // "Locale Support", builtin provider).
            None if self.binaries.version.major >= 17 => vec![
                "--locale-provider=builtin".to_owned(),
                "--builtin-locale=C.UTF-8".to_owned(),
                "--locale=C".to_owned(),
            ],
            None => vec!["--locale=C.UTF-8".to_owned()],
        }
    }

    fn initdb(
        &self,
        data: &Path,
        log: &Path,
        account: Option<&Account>,
        locale: Vec<String>,
    ) -> Result<()> {
        let initdb = self.binaries.initdb();
        let output = log_file(log)?;
        let mut command = Command::new(&initdb);
        command
            .arg("-D")
            .arg(data)
            .args(["-U", SUPERUSER, "-E", "UTF8", "--auth=trust", "--no-sync"])
            .arg(format!("--wal-segsize={WAL_SEGMENT_MB}"))
            .args(locale);
        if self.binaries.version.major >= 18 {
            command.arg("--no-data-checksums");
        }
        postmaster::own_environment(&mut command);
        postmaster::run_as(&mut command, account);
        command
            .stdin(Stdio::null())
            .stdout(
                output
                    .try_clone()
                    .context(Kind::Environment, || "no file descriptor left".into())?,
            )
            .stderr(output)
            .current_dir("/")
            .process_group(0);
        postmaster::end_with_us(&mut command, Signal::KILL);
        let mut child = command
            .spawn()
            .context(Kind::ServerFailed, || format!("cannot run {}", initdb.display()))?;
        let status =
            wait::until(INITDB_BOUND, Duration::from_millis(5), || child.try_wait().ok().flatten());
        match status {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(Failure::new(
                Kind::ServerFailed,
                format!("{} ended with {status}", initdb.display()),
            )
            .detail(tail_of(log, 12))
            .hint("seedbed run --server embedded -- …")),
            None => {
                if let Some(id) = ProcessId::of(child.id().cast_signed()) {
                    id.signal_group(Signal::KILL, &[]);
                }
                let _ = child.wait();
                Err(Failure::new(
                    Kind::Timeout,
                    format!("{} took longer than {} s", initdb.display(), INITDB_BOUND.as_secs()),
                ))
            }
        }
    }
}

fn log_file(log: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(log)
        .context(Kind::Environment, || format!("cannot write {}", log.display()))
}

fn os_release() -> String {
    std::fs::read_to_string("/etc/os-release").unwrap_or_default()
}
