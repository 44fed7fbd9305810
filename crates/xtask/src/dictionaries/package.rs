//! A pinned package of a registry: fetched by its own client, compared with
//! its pin, unpacked. Nothing of it is installed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// One entry of `packages.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    client: Client,
    /// The name in the registry.
    pub(crate) name: String,
    /// The exact version.
    pub(crate) version: String,
    /// SPDX expression of the licence.
    pub(crate) licence: String,
    /// The licence's file in the package.
    notice: String,
    /// SHA-256 of the archive in hexadecimal digits.
    sha256: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Client {
    Npm,
    Pip,
}

/// An unpacked package.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) pin: Pin,
    folder: PathBuf,
}

impl Package {
    /// Fetches the package into the empty folder `stage` and unpacks it there.
    pub(crate) fn fetch(pin: Pin, stage: &Path) -> Result<Self> {
        let (archives, folder) = (stage.join("archive"), stage.join("files"));
        std::fs::create_dir_all(&archives)?;
        let wanted = format!("{} {}", pin.name, pin.version);
        pin.client.download(&pin, &archives).with_context(|| format!("cannot fetch {wanted}"))?;
        let archive = the_only_file(&archives).with_context(|| format!("cannot fetch {wanted}"))?;
        let found = sha256(&std::fs::read(&archive)?);
        if found != pin.sha256 {
            bail!("{wanted} has SHA-256 {found}, pinned is {}", pin.sha256);
        }
        pin.client.unpack(&archive, &folder).with_context(|| format!("cannot unpack {wanted}"))?;
        Ok(Self { pin, folder })
    }

    /// The folder of its files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The text of one of its files.
    pub(crate) fn text(&self, path: &str) -> Result<String> {
        std::fs::read_to_string(self.folder.join(path))
            .with_context(|| format!("cannot read {path} of {}", self.pin.name))
    }

    /// The licence's text.
    pub(crate) fn notice(&self) -> Result<String> {
        self.text(&self.pin.notice)
    }
}

impl Client {
    fn download(self, pin: &Pin, into: &Path) -> Result<()> {
        let Pin { name, version, .. } = pin;
        let mut command = match self {
            Self::Npm => {
                let mut command = Command::new("npm");
                command.args(["pack", "--silent", &format!("{name}@{version}")]);
                command
            }
            Self::Pip => {
                let mut command = Command::new("python3");
                command
                    .args(["-m", "pip", "--quiet", "--disable-pip-version-check", "download"])
                    .args(["--no-deps", "--only-binary", ":all:", &format!("{name}=={version}")]);
                command
            }
        };
        // Both write into their working directory.
        let status = command.current_dir(into).stdout(Stdio::null()).status();
        let status = status.with_context(|| format!("cannot start {:?}", command.get_program()))?;
        if !status.success() {
            bail!("{:?} ended with {status}", command.get_program());
        }
        Ok(())
    }

    fn unpack(self, archive: &Path, into: &Path) -> Result<()> {
        let file = File::open(archive)?;
        match self {
            Self::Npm => {
                let parent = into.with_extension("npm");
                tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(&parent)?;
                // Every archive of npm has this one folder at its top.
                std::fs::rename(parent.join("package"), into)?;
            }
            Self::Pip => zip::ZipArchive::new(file)?.extract(into)?,
        }
        Ok(())
    }
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn the_only_file(folder: &Path) -> Result<PathBuf> {
    let mut files = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    match (files.pop(), files.len()) {
        (Some(file), 0) => Ok(file.path()),
        (_, others) => bail!("its client left {others} files"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_published_one() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn only_a_single_file_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        assert!(the_only_file(dir.path()).is_err());
        std::fs::write(dir.path().join("a.tgz"), "").unwrap();
        assert_eq!(the_only_file(dir.path()).unwrap(), dir.path().join("a.tgz"));
        std::fs::write(dir.path().join("b.tgz"), "").unwrap();
        assert!(the_only_file(dir.path()).is_err());
    }
}
