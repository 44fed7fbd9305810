//! The search: local binaries, then cached embedded ones, then a fetch.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use seedbed_api::{Failure, Kind, Listener, Result};

use super::answers::Answers;
use super::store::{Server, Store};
use super::{Binaries, FetchWith, Origin, SUPPORTED_MAJORS, Version};
use super::{absence, fetch, local, machine, probe, reach};

/// What kind of binaries may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Local ones if they fit, else embedded ones.
    Auto,
    /// Only what is installed on the machine.
    Local,
    /// Only what Seedbed fetches.
    Embedded,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// From where.
    pub choice: Choice,
    /// Which major version; any supported one when `None`.
    pub version: Option<u16>,
}

/// A folder with server programs on this machine, and whether it can be used.
#[derive(Debug)]
pub struct Found {
    /// The folder, without symbolic links.
    pub bin_dir: PathBuf,
    /// Its version, where it could be asked.
    pub version: Option<Version>,
    /// The binaries, or why they cannot be used: they do not run here, the
    /// server's account cannot reach them, or their version is not supported.
    pub usable: Result<Binaries>,
}

/// Finds, fetches, lists and removes binaries.
#[derive(Clone)]
pub struct Finder<'a> {
    /// Seedbed's cache folder.
    pub cache_dir: &'a Path,
    /// As root: user and group the server will run as.
    pub os_user: Option<(u32, u32)>,
    /// Hears of fetches and of oddities.
    pub listener: &'a dyn Listener,
    /// Never fetch.
    pub offline: bool,
    /// Whose packages may be fetched and used.
    pub fetch_with: FetchWith,
    /// The search path, as in `PATH`.
    pub path: OsString,
    /// Further folders with programs; each part may hold one `*`.
    pub folders: Vec<String>,
}

impl<'a> Finder<'a> {
    /// A finder that looks on `path` and in the folders package managers use,
    /// may fetch, and runs servers as ourselves.
    #[must_use]
    pub fn new(cache_dir: &'a Path, path: OsString, listener: &'a dyn Listener) -> Self {
        let folders = local::WELL_KNOWN.map(str::to_owned).to_vec();
        Self {
            cache_dir,
            os_user: None,
            listener,
            offline: false,
            fetch_with: FetchWith::Auto,
            path,
            folders,
        }
    }

    /// Finds binaries as wanted; fetches them where that is allowed.
    ///
    /// Executes nothing when it has found the same before.
    ///
    /// # Errors
    /// [`Kind::Config`] for a version Seedbed does not support,
    /// [`Kind::NoServer`] with every way to get a server,
    /// [`Kind::Environment`] when a fetch is needed and the cache is unusable.
    pub fn find(&self, wanted: &Wanted) -> Result<Binaries> {
        check_supported(wanted.version)?;
        let mut seen = Vec::new();
        if wanted.choice != Choice::Embedded {
            match self.find_local(wanted) {
                Ok(binaries) => return Ok(binaries),
                Err(found) => seen = found,
            }
        }
        let mut cached = Vec::new();
        let mut fetching = None;
        if wanted.choice != Choice::Local {
            let store = Store::new(self.cache_dir);
            store.sweep_if_idle();
            if let Some(server) = fetch::fitting(self, &store, wanted.version).into_iter().next() {
                reach::check_folder(&server.binaries.bin_dir, self.os_user)?;
                return Ok(server.binaries);
            }
            cached = self.installed();
            if !self.offline {
                match fetch::fetch(self, wanted.version) {
                    Ok(binaries) => return Ok(binaries),
                    Err(failure) if failure.kind() != Kind::NoServer => return Err(failure),
                    Err(failure) => fetching = Some(failure),
                }
            }
        }
        Err(absence::failure(self, wanted, &seen, &cached, fetching))
    }

    /// Everything on this machine that looks like a server, usable or not.
    #[must_use]
    pub fn local(&self) -> Vec<Found> {
        let mut answers = Answers::load(self.cache_dir);
        let mut folders = local::bin_folders(&self.path, &self.folders);
        folders.extend(
            local::from_pg_config(&self.path, &mut answers).filter(|bin| !folders.contains(bin)),
        );
        let found = folders.into_iter().map(|bin| self.judge(bin, &mut answers)).collect();
        // Unwritable: the questions are asked again next time.
        let _ = answers.save(self.os_user);
        found
    }

    /// Embedded servers in the cache, oldest version first.
    #[must_use]
    pub fn installed(&self) -> Vec<Binaries> {
        let store = Store::new(self.cache_dir);
        store.servers().into_iter().map(|server| server.binaries).collect()
    }

    /// Makes sure that an embedded server of `major` (the newest supported
    /// one when `None`) is in the cache, complete and undamaged.
    ///
    /// # Errors
    /// As [`Finder::find`].
    pub fn install(&self, major: Option<u16>) -> Result<Binaries> {
        check_supported(major)?;
        let wanted = Wanted { choice: Choice::Embedded, version: major };
        let major = major.or(Some(*SUPPORTED_MAJORS.end()));
        let store = Store::new(self.cache_dir);
        store.sweep_if_idle();
        if let Some(server) = fetch::fitting(self, &store, major).into_iter().find(Server::intact) {
            reach::check_folder(&server.binaries.bin_dir, self.os_user)?;
            return Ok(server.binaries);
        }
        if self.offline {
            return Err(absence::failure(self, &wanted, &[], &self.installed(), None));
        }
        fetch::fetch(self, major).map_err(|failure| {
            if failure.kind() == Kind::NoServer {
                absence::failure(self, &wanted, &[], &self.installed(), Some(failure))
            } else {
                failure
            }
        })
    }

    /// Removes embedded servers: `18` all of that major version, `18.4` that
    /// version. The caller makes sure that none of them is running.
    ///
    /// # Errors
    /// [`Kind::Config`] when nothing matches, naming what is there;
    /// [`Kind::Environment`] when files cannot be removed.
    pub fn remove(&self, version: &str) -> Result<Vec<Binaries>> {
        let store = Store::new(self.cache_dir);
        let exact = version.contains('.');
        let matches = |server: &Server| {
            let here = server.binaries.version;
            Version::parse(version)
                .is_some_and(|asked| if exact { here == asked } else { here.major == asked.major })
        };
        if !store.servers().iter().any(matches) {
            let there: Vec<String> =
                self.installed().iter().map(|binaries| binaries.version.to_string()).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            return Err(Failure::new(
                Kind::Config,
                format!("no embedded PostgreSQL {version} is installed (there is: {there})"),
            )
            .hint("seedbed server ls"));
        }
        let lock = store.lock(self.listener)?;
        store.sweep(&lock)?;
        let mut removed = Vec::new();
        for server in store.servers().into_iter().filter(matches) {
            store.discard(&lock, &server.folder)?;
            removed.push(server.binaries);
        }
        Ok(removed)
    }

    /// The best local binaries, or everything that was seen and did not do.
    fn find_local(&self, wanted: &Wanted) -> Result<Binaries, Vec<Found>> {
        let mut answers = Answers::load(self.cache_dir);
        let mut seen = Vec::new();
        for bin in local::bin_folders(&self.path, &self.folders) {
            // Scripts come last, and must be asked anew each time.
            if local::is_wrapper(&bin) && best(&seen, wanted).is_some() {
                break;
            }
            seen.push(self.judge(bin, &mut answers));
        }
        let mut best = best(&seen, wanted);
        if best.is_none()
            && let Some(bin) = local::from_pg_config(&self.path, &mut answers)
            && seen.iter().all(|found| found.bin_dir != bin)
        {
            seen.push(self.judge(bin, &mut answers));
            best = self::best(&seen, wanted);
        }
        // Unwritable: the questions are asked again next time.
        let _ = answers.save(self.os_user);
        let passed_over = seen.iter().filter(|found| found.version.is_none());
        for failure in passed_over.filter_map(|found| found.usable.as_ref().err()) {
            if wanted.choice == Choice::Auto {
                self.listener.notice(failure.chain());
            }
        }
        best.ok_or(seen)
    }

    fn judge(&self, bin_dir: PathBuf, answers: &mut Answers) -> Found {
        let binaries = Binaries {
            origin: Origin::Local,
            bin_dir,
            version: Version { major: 0, minor: 0 },
            build: String::new(),
        };
        let asked = self.ask(&binaries, answers);
        let version = asked.as_ref().ok().map(|(version, _)| *version);
        let usable = asked.and_then(|(version, text)| {
            if version.supported() {
                let build = format!("{text} {}", machine::machine());
                return Ok(Binaries { version, build, ..binaries.clone() });
            }
            Err(unsupported(version, &binaries.bin_dir))
        });
        Found { bin_dir: binaries.bin_dir, version, usable }
    }

    fn ask(&self, binaries: &Binaries, answers: &mut Answers) -> Result<(Version, String)> {
        for program in [binaries.postgres(), binaries.initdb()] {
            if let Some(closed) = reach::obstacle(&program, self.os_user) {
                return Err(Failure::new(
                    Kind::NoServer,
                    format!(
                        "the account that runs the server may not use {}: {} is closed to it",
                        program.display(),
                        closed.display()
                    ),
                )
                .hint(format!("chmod o+x {}", closed.display())));
            }
        }
        let program = binaries.postgres();
        let text = match answers.get(&program) {
            Some(known) => known.to_owned(),
            None => {
                let text = probe::version_text(&program, self.os_user)?;
                // What a script answers may depend on more than the script.
                if !machine::is_script(&program) {
                    answers.put(&program, &text);
                }
                text
            }
        };
        let version = Version::parse(&text).ok_or_else(|| {
            Failure::new(
                Kind::NoServer,
                format!("{} --version answers no version", program.display()),
            )
        })?;
        Ok((version, text))
    }
}

impl std::fmt::Debug for Finder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finder")
            .field("cache_dir", &self.cache_dir)
            .field("os_user", &self.os_user)
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

/// The newest usable one that fits; the first found among equals.
fn best(seen: &[Found], wanted: &Wanted) -> Option<Binaries> {
    seen.iter()
        .rev()
        .filter_map(|found| found.usable.as_ref().ok())
        .filter(|binaries| wanted.version.is_none_or(|major| binaries.version.major == major))
        .max_by_key(|binaries| binaries.version)
        .cloned()
}

fn check_supported(major: Option<u16>) -> Result<()> {
    match major {
        Some(major) if !SUPPORTED_MAJORS.contains(&major) => Err(Failure::new(
            Kind::Config,
            format!(
                "PostgreSQL {major} is not supported; {} to {} are",
                SUPPORTED_MAJORS.start(),
                SUPPORTED_MAJORS.end()
            ),
        )
        .hint(format!("--pg-version {}", SUPPORTED_MAJORS.end()))),
        _ => Ok(()),
    }
}

fn unsupported(version: Version, bin_dir: &Path) -> Failure {
    Failure::new(
        Kind::NoServer,
        format!(
            "{} is PostgreSQL {version}, which is not supported ({} to {} are)",
            bin_dir.display(),
            SUPPORTED_MAJORS.start(),
            SUPPORTED_MAJORS.end()
        ),
    )
}
