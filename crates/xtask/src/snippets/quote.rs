//! Code in the guides is quoted from the examples, which are run: what is not
//! found there word for word has drifted away from it.

use std::path::Path;

use anyhow::Result;
use walkdir::WalkDir;

use super::fence::Fence;
use crate::root;

/// Where code is quoted from.
const SOURCE: &str = "examples";
/// Folders below that hold nothing of ours.
const FOREIGN: [&str; 3] = ["node_modules", "target", ".venv"];
/// Languages of the examples.
const LANGUAGES: [&str; 6] = ["ini", "js", "python", "ruby", "rust", "sh"];

/// The files that code is quoted from.
pub(crate) struct Examples(Vec<String>);

impl Examples {
    /// Reads them.
    pub(crate) fn read() -> Result<Self> {
        Self::below(&root::find()?.join(SOURCE))
    }

    fn below(folder: &Path) -> Result<Self> {
        let mut texts = Vec::new();
        let ours = |entry: &walkdir::DirEntry| {
            !FOREIGN.iter().any(|foreign| entry.file_name() == *foreign)
        };
        for entry in WalkDir::new(folder).into_iter().filter_entry(ours) {
            let entry = entry?;
            if entry.file_type().is_file() {
                texts.extend(String::from_utf8(std::fs::read(entry.path())?));
            }
        }
        Ok(Self(texts))
    }

    /// What is wrong with a fence of code.
    pub(crate) fn objection_to(&self, fence: &Fence) -> Option<String> {
        let is_code = LANGUAGES.contains(&fence.language.as_str()) && fence.file().is_none();
        let quoted = || self.0.iter().any(|text| text.contains(&fence.text));
        (is_code && !quoted())
            .then(|| fence.fault(0, &format!("no file of {SOURCE} has this, word for word")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fence;
    use super::*;

    #[test]
    fn only_what_an_example_says_is_a_quotation() {
        let examples = Examples(vec!["one()\n  two()\nthree()\n".to_owned()]);
        for (page, good) in [
            ("```js\n  two()\n```\n", true),
            ("```js\n  two()\nthree()\n```\n", true),
            ("```js\nthree()\ntwo()\n```\n", false),
            ("```js\n two( )\n```\n", false),
            ("```console\n$ four\n```\n", true),
            ("```js new.js\nfour()\n```\n", true),
        ] {
            let fence = fence::all("a.md", page).remove(0);
            assert_eq!(examples.objection_to(&fence).is_none(), good, "{page}");
        }
    }

    #[test]
    fn the_examples_are_found() {
        assert!(Examples::read().unwrap().0.iter().any(|text| text.contains("def rewound(")));
    }
}
