//! `cargo xtask tidy`: the rules of the house that no compiler checks. Each
//! rule is a function from the tree of files to violations, so that every rule
//! is tested on a small tree in memory.

mod code;
mod contents;
mod documents;
mod floors;
mod manifests;
mod portable;
mod sources;
mod tree;
mod violation;
mod wiring;

use anyhow::Result;

use tree::Tree;
use violation::Violation;

type Rule = fn(&Tree) -> Vec<Violation>;

const RULES: &[Rule] = &[
    floors::check,
    manifests::lints,
    manifests::dependencies,
    manifests::pins,
    sources::length,
    sources::names,
    sources::headers,
    sources::leftovers,
    contents::check,
    wiring::check,
    portable::paths,
    portable::hosts,
    portable::lockfiles,
    documents::present,
    documents::unreleased,
    documents::rooms,
    documents::links,
];

/// Checks the workspace and prints what is wrong.
pub(crate) fn run() -> Result<bool> {
    let tree = Tree::load(&crate::root::find()?)?;
    let mut violations: Vec<Violation> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    violations.sort();
    for violation in &violations {
        println!("{violation}");
    }
    match violations.len() {
        0 => println!("tidy: {} files, nothing to do", tree.len()),
        count => println!("tidy: {count} violations in {} files", tree.len()),
    }
    Ok(violations.is_empty())
}
