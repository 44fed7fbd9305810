//! The program under description: what it objects to in a call or a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::fence::Fence;
use super::spoken::{self, Spoken};
use crate::root;

/// The program, with the help texts asked so far.
pub(crate) struct Program {
    path: PathBuf,
    help: BTreeMap<Vec<String>, Option<String>>,
}

impl Program {
    /// Builds it from the sources as they are.
    pub(crate) fn build() -> Result<Self> {
        Ok(Self { path: root::seedbed()?, help: BTreeMap::new() })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What it would object to in the calls of a shell line.
    pub(crate) fn objections(&mut self, line: &str) -> Result<Vec<String>> {
        let calls = spoken::calls(line);
        let objections: Result<Vec<_>> = calls.iter().map(|call| self.objection(call)).collect();
        Ok(objections?.into_iter().flatten().collect())
    }

    fn objection(&mut self, call: &Spoken) -> Result<Option<String>> {
        let Some(help) = self.help_of(&call.words)? else {
            return Ok(Some(format!("there is no `seedbed {}`", call.words.join(" "))));
        };
        let unknown = call.flags.iter().find(|flag| !spoken::names_flag(&help, flag));
        Ok(unknown.map(|flag| format!("`seedbed {}` has no {flag}", call.words.join(" "))))
    }

    fn help_of(&mut self, words: &[String]) -> Result<Option<String>> {
        if let Some(help) = self.help.get(words) {
            return Ok(help.clone());
        }
        let output = Command::new(&self.path).args(words).arg("--help").output()?;
        let help =
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned());
        self.help.insert(words.to_vec(), help.clone());
        Ok(help)
    }

    /// What it says about a `seedbed.toml`, warnings included.
    pub(crate) fn objection_to(&self, fence: &Fence) -> Result<Option<String>> {
        let folder = root::scratch("snippet")?;
        std::fs::write(folder.join("seedbed.toml"), &fence.text)?;
        let output =
            Command::new(&self.path).args(["config", "show", "-C"]).arg(&folder).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let complaint =
            said.lines().find(|line| line.contains("warning") || line.contains("error"));
        Ok(match (output.status.success(), complaint) {
            (true, None) => None,
            (_, Some(line)) => Some(fence.fault(0, line)),
            (false, None) => Some(fence.fault(0, "`seedbed config show` refuses it")),
        })
    }
}
