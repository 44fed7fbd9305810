//! `cargo xtask generate`: the reference pages, written by the program itself.
//! They are committed, so that they can be read and searched without building.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use walkdir::WalkDir;

use crate::root;

const FOLDER: &str = "docs/reference";

type Pages = BTreeMap<String, Vec<u8>>;

/// Writes the pages anew; pages that are no longer written disappear.
pub(crate) fn write() -> Result<bool> {
    let pages = render()?;
    let folder = root::find()?.join(FOLDER);
    for stale in read(&folder)?.keys().filter(|name| !pages.contains_key(*name)) {
        std::fs::remove_file(folder.join(stale))?;
    }
    for (name, bytes) in &pages {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("{} pages in {FOLDER}", pages.len());
    Ok(true)
}

/// Compares the committed pages with what the program would write.
pub(crate) fn check() -> Result<bool> {
    let differences = compare(&read(&root::find()?.join(FOLDER))?, &render()?);
    for difference in &differences {
        eprintln!("{FOLDER}/{difference}");
    }
    if !differences.is_empty() {
        eprintln!("hint: cargo xtask generate");
    }
    Ok(differences.is_empty())
}

fn render() -> Result<Pages> {
    let folder = root::scratch("reference")?;
    let status = Command::new(root::seedbed()?).arg("reference").arg(&folder).status()?;
    if !status.success() {
        bail!("`seedbed reference` ended with {status}");
    }
    let pages = read(&folder)?;
    if pages.is_empty() {
        bail!("`seedbed reference` wrote nothing");
    }
    Ok(pages)
}

fn read(folder: &Path) -> Result<Pages> {
    let mut pages = Pages::new();
    if !folder.exists() {
        return Ok(pages);
    }
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder)?.to_string_lossy().into_owned();
            pages.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(pages)
}

/// One line for each page that is missing, stale or different.
fn compare(committed: &Pages, rendered: &Pages) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, fresh) in rendered {
        match committed.get(name) {
            None => differences.push(format!("{name}:1: is not committed")),
            Some(old) if old != fresh => {
                let (old, fresh) = (String::from_utf8_lossy(old), String::from_utf8_lossy(fresh));
                let same = old.lines().zip(fresh.lines()).take_while(|(a, b)| a == b).count();
                differences.push(format!("{name}:{}: differs from the program", same + 1));
            }
            Some(_) => {}
        }
    }
    let stale = committed.keys().filter(|name| !rendered.contains_key(*name));
    differences.extend(stale.map(|name| format!("{name}:1: the program no longer writes it")));
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(pages: &[(&str, &str)]) -> Pages {
        pages.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn every_kind_of_difference_is_named_with_its_line() {
        let committed = pages(&[("same.md", "a"), ("changed.md", "1\n2\n3\n"), ("gone.md", "x")]);
        let rendered = pages(&[("same.md", "a"), ("changed.md", "1\n2\nthree\n"), ("new.md", "y")]);
        assert_eq!(
            compare(&committed, &rendered),
            [
                "changed.md:3: differs from the program",
                "new.md:1: is not committed",
                "gone.md:1: the program no longer writes it",
            ]
        );
        assert!(compare(&committed, &committed).is_empty());
    }
}
