//! `cargo xtask snippets`: what README and guides show must work. Commands in
//! `console` fences are compared with the program's own help, files in `toml`
//! fences are read by the program itself.

mod fence;
mod spoken;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::root;
use fence::Fence;
use spoken::Spoken;

const GUIDES: &str = "docs/guides";

/// Checks every fence of README and guides.
pub(crate) fn run() -> Result<bool> {
    let root = root::find()?;
    let mut fences = Vec::new();
    for page in pages(&root)? {
        let text = std::fs::read_to_string(root.join(&page))
            .with_context(|| format!("cannot read {}", page.display()))?;
        fences.extend(fence::all(&page.to_string_lossy(), &text));
    }
    let mut program = Program { path: root::seedbed()?, help: BTreeMap::new() };
    let mut faults = Vec::new();
    for fence in &fences {
        match fence.language.as_str() {
            "console" => faults.extend(console(fence, &mut program)?),
            "toml" => faults.extend(program.objection_to(fence)?),
            "json" => {
                let parsed = serde_json::from_str::<serde_json::Value>(&fence.text);
                faults.extend(parsed.err().map(|error| fence.fault(0, &error.to_string())));
            }
            _ => {}
        }
    }
    for fault in &faults {
        println!("{fault}");
    }
    println!("snippets: {} fences, {} faults", fences.len(), faults.len());
    Ok(faults.is_empty())
}

fn pages(root: &Path) -> Result<Vec<PathBuf>> {
    let mut pages = vec![PathBuf::from("README.md")];
    for entry in std::fs::read_dir(root.join(GUIDES))? {
        let name = entry?.file_name();
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            pages.push(Path::new(GUIDES).join(name));
        }
    }
    pages.sort();
    Ok(pages)
}

fn console(fence: &Fence, program: &mut Program) -> Result<Vec<String>> {
    let commands = fence.commands();
    if commands.is_empty() {
        return Ok(vec![fence.fault(0, "no line begins with `$ `")]);
    }
    let mut faults = Vec::new();
    for (line, text) in commands {
        for call in spoken::calls(&text) {
            if let Some(wrong) = program.objection(&call)? {
                faults.push(fence.fault(line, &wrong));
            }
        }
    }
    Ok(faults)
}

/// The program under description, with the help texts asked so far.
struct Program {
    path: PathBuf,
    help: BTreeMap<Vec<String>, Option<String>>,
}

impl Program {
    /// What the program would object to in a call.
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

    /// What the program says about a `seedbed.toml`, warnings included.
    fn objection_to(&self, fence: &Fence) -> Result<Option<String>> {
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
