//! `binaries.json`: what programs answered once, so that a warm search runs
//! none of them. An answer counts only while the program's file is the same
//! (size, modification time, inode). The file is a convenience: unreadable
//! means empty, unwritable means the question is asked again next time.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::reach::{self, Account};

/// Raised when the meaning of the file changes; another number is ignored.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Document {
    format: u32,
    answers: BTreeMap<PathBuf, Answer>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    stamp: String,
    text: String,
}

/// The answers in memory.
#[derive(Debug)]
pub(super) struct Answers {
    file: PathBuf,
    known: BTreeMap<PathBuf, Answer>,
    changed: bool,
}

impl Answers {
    /// Reads the file of a cache folder.
    pub(super) fn load(cache_dir: &Path) -> Self {
        let file = cache_dir.join("binaries.json");
        let known = fs::read(&file)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Document>(&bytes).ok())
            .filter(|document| document.format == FORMAT)
            .map(|document| document.answers)
            .unwrap_or_default();
        Self { file, known, changed: false }
    }

    /// The answer of `program` (a path without symbolic links), if it is still the same file.
    pub(super) fn get(&self, program: &Path) -> Option<&str> {
        let answer = self.known.get(program)?;
        (answer.stamp == stamp(program).ok()?).then_some(answer.text.as_str())
    }

    /// Remembers an answer.
    pub(super) fn put(&mut self, program: &Path, text: &str) {
        if let Ok(stamp) = stamp(program) {
            self.known.insert(program.to_owned(), Answer { stamp, text: text.to_owned() });
            self.changed = true;
        }
    }

    /// Writes the file if something changed; answers of programs that are
    /// gone are dropped.
    pub(super) fn save(mut self, account: Option<Account>) -> io::Result<()> {
        if !self.changed {
            return Ok(());
        }
        self.known.retain(|program, _| program.exists());
        let text = serde_json::to_vec_pretty(&Document { format: FORMAT, answers: self.known })?;
        if let Some(folder) = self.file.parent() {
            reach::make_folder(folder, account)?;
        }
        let beside = self.file.with_extension(format!("json.tmp-{}", std::process::id()));
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &self.file));
        if written.is_err() {
            // Nothing of ours may stay; the first error is the one to report.
            let _ = fs::remove_file(&beside);
        }
        written
    }
}

fn stamp(program: &Path) -> io::Result<String> {
    let file = fs::metadata(program)?;
    Ok(format!("{}:{}.{:09}:{}", file.size(), file.mtime(), file.mtime_nsec(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembered(cache: &Path, program: &Path) -> Option<String> {
        Answers::load(cache).get(program).map(str::to_owned)
    }

    #[test]
    fn an_answer_lasts_as_long_as_its_program() {
        let cache = tempfile::tempdir().unwrap();
        let program = cache.path().join("postgres");
        fs::write(&program, "one").unwrap();
        let mut answers = Answers::load(cache.path());
        assert_eq!(answers.get(&program), None);
        answers.put(&program, "15.18");
        answers.save(None).unwrap();
        assert_eq!(remembered(cache.path(), &program).as_deref(), Some("15.18"));

        let beside = cache.path().join("new");
        fs::write(&beside, "two").unwrap();
        fs::rename(&beside, &program).unwrap();
        assert_eq!(remembered(cache.path(), &program), None, "same size, another inode");
    }

    #[test]
    fn rubbish_and_other_formats_count_as_empty_and_are_rewritten() {
        let cache = tempfile::tempdir().unwrap();
        let program = cache.path().join("postgres");
        fs::write(&program, "one").unwrap();
        for rubbish in
            ["", "{\"format\":1,\"answers\":{\"/x\":", "[]", r#"{"format":9,"answers":{}}"#]
        {
            fs::write(cache.path().join("binaries.json"), rubbish).unwrap();
            let mut answers = Answers::load(cache.path());
            assert_eq!(answers.get(&program), None);
            answers.put(&program, "16.1");
            answers.save(None).unwrap();
            assert_eq!(remembered(cache.path(), &program).as_deref(), Some("16.1"));
        }
    }

    #[test]
    fn an_unwritable_cache_leaves_nothing_behind() {
        let cache = tempfile::tempdir().unwrap();
        let file = cache.path().join("file");
        fs::write(&file, "").unwrap();
        let mut answers = Answers::load(&file.join("below-a-file"));
        answers.put(&file, "x");
        assert!(answers.save(None).is_err());
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 1);
    }
}
