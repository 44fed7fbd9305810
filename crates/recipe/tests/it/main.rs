//! What a recipe promises its users, through its public items only.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod conventions;
mod dumps;
mod fingerprints;
mod properties;
mod splitting;

use seedbed_recipe::{Action, Fingerprint, Recipe, Script, SourceFile};

/// A base to build on.
fn base() -> Fingerprint {
    Fingerprint::of("test", &[b"PostgreSQL 15"])
}

/// A file.
fn file(path: &str, text: &str) -> SourceFile {
    SourceFile::new(path, text.as_bytes())
}

/// Files of the folder `migrations`.
fn files(list: &[(&str, &str)]) -> Vec<SourceFile> {
    list.iter().map(|(name, text)| file(&format!("migrations/{name}"), text)).collect()
}

/// The script of layer `index`.
fn script(recipe: &Recipe, index: usize) -> Script {
    match recipe.layers[index].action().unwrap() {
        Action::Script(script) => script,
        Action::Command { argv } => panic!("a command: {argv:?}"),
    }
}
