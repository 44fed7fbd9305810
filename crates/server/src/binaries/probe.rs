//! Asking binaries for their version, and saying why they do not run.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use seedbed_api::{Failure, Kind, Result};

use super::child::{self, Trouble};
use super::machine;
use super::reach::Account;

const VERSION_BOUND: Duration = Duration::from_secs(20);

/// What `program --version` answers, run as `account` when one is given.
///
/// # Errors
/// [`Kind::NoServer`] naming the file, the reason and this machine.
pub(super) fn version_text(program: &Path, account: Option<Account>) -> Result<String> {
    let useless = || {
        Failure::new(
            Kind::NoServer,
            format!("{} does not run on this machine ({})", program.display(), machine::machine()),
        )
    };
    let mut command = Command::new(program);
    command.arg("--version").env("LC_ALL", "C");
    if let Some((uid, gid)) = account {
        // Changing the account makes std use execvp(3), which hands a file
        // that the kernel refuses to /bin/sh: not with a foreign program.
        if let Some(built_for) = machine::foreign(program) {
            return Err(useless().because(format!("it is built for {built_for}")));
        }
        command.uid(uid).gid(gid);
    }
    let text = child::answer(&mut command, VERSION_BOUND).map_err(|trouble| {
        match reason(program, &trouble) {
            Some(reason) => useless().because(reason),
            None => useless().because(trouble),
        }
    })?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// A clearer reason than the system's own words, where the file tells one.
fn reason(program: &Path, trouble: &Trouble) -> Option<String> {
    let Trouble::Spawn(error) = trouble else { return None };
    let built_for = machine::built_for(program)?;
    if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) {
        return Some(format!("it is built for {built_for}"));
    }
    // A file that exists but is "not found": its loader is missing, as when a
    // glibc program meets a musl system.
    (error.kind() == std::io::ErrorKind::NotFound && program.exists()).then(|| {
        format!("its loader is missing; it is built for {built_for} with another C library")
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(folder: &Path, content: &[u8]) -> std::path::PathBuf {
        let path = folder.join("postgres");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_foreign_executable_is_named_with_both_machines() {
        let folder = tempfile::tempdir().unwrap();
        let mut elf = [0u8; 64];
        elf[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        elf[16] = 2;
        elf[18] = 22; // s390x, little-endian by mistake: nothing runs it
        let path = program(folder.path(), &elf);
        let failure = version_text(&path, None).unwrap_err();
        let text = failure.chain();
        assert!(text.contains(&*path.to_string_lossy()), "{text}");
        assert!(text.contains("built for s390x"), "{text}");
        assert!(text.contains(std::env::consts::ARCH), "{text}");
    }

    #[test]
    fn the_loaders_complaint_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let complaint = "error while loading shared libraries: libicui18n.so.60: cannot open";
        let path = program(
            folder.path(),
            format!("#!/bin/sh\necho '{complaint}' >&2\nexit 127\n").as_bytes(),
        );
        let text = version_text(&path, None).unwrap_err().chain();
        assert!(text.contains(complaint), "{text}");
    }
}
