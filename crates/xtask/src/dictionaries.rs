//! `cargo xtask dictionaries`: the lists that values are drawn from, compiled
//! from pinned packages and from facts of our own. Version 1 is frozen:
//! `--check` proves that it still is what its sources give.
//!
//! Needs the network (npm, pip), node and python3; nothing else in the house
//! does for these lists. The recipes are in `crates/xtask/dictionaries`.
//! A list stands in the order of its sources, the first of equal entries
//! counts, and one that is too long is thinned evenly.

mod compiler;
mod edition;
mod entry;
mod package;
mod recipe;
mod romaji;
mod shelf;

use anyhow::Result;

use crate::root;
use edition::Edition;

const RECIPES: &str = "crates/xtask/dictionaries";
const FOLDER: &str = "crates/values/data/v1";

/// Compiles the lists and writes them.
pub(crate) fn write() -> Result<bool> {
    let edition = compile()?;
    edition.write(&root::find()?.join(FOLDER))?;
    let (files, bytes) = edition.size();
    println!("{files} files, {} kB in {FOLDER}", bytes / 1000);
    Ok(true)
}

/// Compiles the lists and compares them with the committed ones.
pub(crate) fn check() -> Result<bool> {
    let differences = compile()?.differences(&root::find()?.join(FOLDER))?;
    for difference in &differences {
        eprintln!("{FOLDER}/{difference}");
    }
    Ok(differences.is_empty())
}

fn compile() -> Result<Edition> {
    compiler::compile(&root::find()?.join(RECIPES), &root::scratch("dictionaries")?)
}
