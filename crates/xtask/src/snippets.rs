//! `cargo xtask snippets`: what README and guides show must work.
//!
//! - `console`: every call of `seedbed` is compared with the program's help.
//! - `console run`: the commands are run, too, on a copy of the example
//!   project, one shell for each fence; a fence `text output` right behind it
//!   is compared with what they print (`…` stands for anything).
//! - `toml`: the program reads it as `seedbed.toml`; with `run` it becomes the
//!   one of the copy for the fences that follow.
//! - any language with a path, such as `python test_cart.py`: a file of the
//!   project that the page describes; `console project`: commands run in that
//!   project, `console project fails`: the last of which fails. Both are run
//!   by the tests of the package for Python (`tests/test_guides.py`).
//! - `yaml`: parses, and the calls of `seedbed` in it are compared as above.
//! - `json`: parses.
//! - `js`, `python`, `ruby`, `rust`, `sh`, `ini`: if it has no path, it stands
//!   word for word in an example; those are run by `cargo xtask runners` and
//!   `cargo xtask python`.

mod fence;
mod output;
mod pipeline;
mod program;
mod quote;
mod shell;
mod spoken;
mod workshop;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::root;
use fence::Fence;
use program::Program;
use quote::Examples;
use workshop::Workshop;

const GUIDES: &str = "docs/guides";
/// Pages elsewhere.
const PAGES: [&str; 2] = ["README.md", "clients/python/README.md"];

/// Checks every fence of README and guides, and runs those that are marked.
pub(crate) fn run() -> Result<bool> {
    let root = root::find()?;
    let mut program = Program::build()?;
    let workshop = Workshop::open(program.path())?;
    let examples = Examples::read()?;
    let (mut count, mut faults) = (0, Vec::new());
    for page in pages(&root)? {
        let text = std::fs::read_to_string(root.join(&page))
            .with_context(|| format!("cannot read {}", page.display()))?;
        let fences = fence::all(&page.to_string_lossy(), &text);
        let mut wrong = read(&fences, &mut program)?;
        wrong.extend(fences.iter().filter_map(|fence| examples.objection_to(fence)));
        // What cannot be right is not run.
        if wrong.is_empty() {
            wrong = workshop.run(&fences)?;
        }
        count += fences.len();
        faults.extend(wrong);
    }
    for fault in &faults {
        println!("{fault}");
    }
    println!("snippets: {count} fences, {} faults", faults.len());
    Ok(faults.is_empty())
}

fn pages(root: &Path) -> Result<Vec<PathBuf>> {
    let mut pages: Vec<PathBuf> = PAGES.map(PathBuf::from).into();
    for entry in std::fs::read_dir(root.join(GUIDES))? {
        let name = entry?.file_name();
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            pages.push(Path::new(GUIDES).join(name));
        }
    }
    pages.sort();
    Ok(pages)
}

/// What is wrong with the fences of a page as they stand there.
fn read(fences: &[Fence], program: &mut Program) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for (index, fence) in fences.iter().enumerate() {
        if let Some(mark) = fence.unknown_mark() {
            faults.push(fence.fault(0, &format!("the mark `{mark}` means nothing here")));
        }
        let speaks = |fence: &Fence| fence.is("console", "run") || fence.is("console", "project");
        if fence.is("text", "output") && !(index > 0 && speaks(&fences[index - 1])) {
            faults.push(fence.fault(0, "no command that is run stands right before this output"));
        }
        if fence.file().is_some_and(|file| file != "seedbed.toml") {
            continue;
        }
        match fence.language.as_str() {
            "console" => faults.extend(console(fence, program)?),
            "toml" => faults.extend(program.objection_to(fence)?),
            "yaml" => match pipeline::lines(fence) {
                Ok(lines) => faults.extend(calls(fence, &lines, program)?),
                Err(fault) => faults.push(fault),
            },
            "json" => {
                let parsed = serde_json::from_str::<serde_json::Value>(&fence.text);
                faults.extend(parsed.err().map(|error| fence.fault(0, &error.to_string())));
            }
            _ => {}
        }
    }
    Ok(faults)
}

fn console(fence: &Fence, program: &mut Program) -> Result<Vec<String>> {
    let commands = fence.commands();
    if commands.is_empty() {
        return Ok(vec![fence.fault(0, "no line begins with `$ `")]);
    }
    calls(fence, &commands, program)
}

fn calls(fence: &Fence, lines: &[(usize, String)], program: &mut Program) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for (line, text) in lines {
        let objections = program.objections(text)?;
        faults.extend(objections.iter().map(|wrong| fence.fault(*line, wrong)));
    }
    Ok(faults)
}
