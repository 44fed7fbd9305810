//! What databases look like, remembered between processes. It only saves time:
//! a file that cannot be read counts as absent, one that cannot be written is
//! not missed.
//!
//! ```text
//! <cache>/schemas/<hash>.json      one schema, by its catalogue's fingerprint
//! <cache>/schemas/<hash>.project   the fingerprint a project was seen with last
//! ```
//!
//! Invariants: a reader sees a whole file or none; at most [`SCHEMAS_MAX`] and
//! [`PROJECTS_MAX`] files are kept, the least recently used go first; no row
//! and no password of a database is in them, but defaults and conditions are,
//! so they are their owner's to read.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use seedbed_schema::Schema;
use serde::{Deserialize, Serialize};

/// Version of the files; grows when `seedbed_schema` or what introspection
/// puts into it changes its meaning. Another one is ignored.
const FORMAT: u32 = 2;
/// Schemas that are kept; one of 400 tables takes about 1 MB.
const SCHEMAS_MAX: usize = 32;
/// Projects that are remembered.
const PROJECTS_MAX: usize = 128;

const SCHEMA: &str = "json";
const PROJECT: &str = "project";

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct SchemaFiles(PathBuf);

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    seedbed: &'a str,
    fingerprint: &'a str,
    schema: &'a Schema,
}

#[derive(Deserialize)]
struct Read {
    format: u32,
    seedbed: String,
    fingerprint: String,
    schema: Schema,
}

impl SchemaFiles {
    pub(super) fn of(cache: &Path) -> Self {
        Self(cache.join("schemas"))
    }

    /// The schema with this fingerprint, if it is known.
    pub(super) fn read(&self, fingerprint: &str) -> Option<Schema> {
        let path = self.schema(fingerprint);
        let read: Read = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        let ours = read.format == FORMAT
            && read.seedbed == env!("CARGO_PKG_VERSION")
            && read.fingerprint == fingerprint;
        if ours {
            touch(&path);
        }
        ours.then_some(read.schema)
    }

    /// Remembers a schema.
    pub(super) fn write(&self, fingerprint: &str, schema: &Schema) {
        let written =
            Written { format: FORMAT, seedbed: env!("CARGO_PKG_VERSION"), fingerprint, schema };
        if let Ok(text) = serde_json::to_vec(&written) {
            self.replace(&self.schema(fingerprint), &text);
            self.trim(SCHEMA, SCHEMAS_MAX);
        }
    }

    /// Remembers which schema a project has.
    pub(super) fn note(&self, project: &Path, fingerprint: &str) {
        let path = self.project(project);
        if fs::read(&path).ok().as_deref() == Some(fingerprint.as_bytes()) {
            touch(&path);
            return;
        }
        self.replace(&path, fingerprint.as_bytes());
        self.trim(PROJECT, PROJECTS_MAX);
    }

    /// The schema a project had when it was last seen.
    pub(super) fn of_project(&self, project: &Path) -> Option<Schema> {
        let fingerprint = fs::read_to_string(self.project(project)).ok()?;
        self.read(&fingerprint)
    }

    fn schema(&self, fingerprint: &str) -> PathBuf {
        self.0.join(format!("{}.{SCHEMA}", word("schema", fingerprint.as_bytes())))
    }

    fn project(&self, project: &Path) -> PathBuf {
        let word = word("project", project.as_os_str().as_encoded_bytes());
        self.0.join(format!("{word}.{PROJECT}"))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) {
        let written = fs::create_dir_all(&self.0)
            .and_then(|()| tempfile::NamedTempFile::new_in(&self.0))
            .and_then(|mut file| file.write_all(bytes).map(|()| file));
        if let Ok(file) = written {
            // A folder that cannot be written costs an introspection each time.
            let _ = file.persist(path);
        }
    }

    fn trim(&self, extension: &str, most: usize) {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut files: Vec<(SystemTime, PathBuf)> = entries
            .filter(|entry| entry.path().extension().is_some_and(|found| found == extension))
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        for (_, path) in files.iter().rev().skip(most) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Says that a file was used now.
fn touch(path: &Path) {
    if let Ok(file) = File::options().append(true).open(path) {
        let _ = file.set_modified(SystemTime::now());
    }
}

fn word(what: &str, bytes: &[u8]) -> String {
    let mut hash = blake3::Hasher::new_derive_key("seedbed schema files 1");
    hash.update(what.as_bytes());
    hash.update(&[0]);
    hash.update(bytes);
    hash.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn schema(server: u16) -> Schema {
        Schema { server, ..Schema::default() }
    }

    fn names(files: &SchemaFiles) -> usize {
        fs::read_dir(&files.0).unwrap().count()
    }

    #[test]
    fn what_is_written_is_read_and_what_is_broken_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = SchemaFiles::of(folder.path());
        assert_eq!(files.read("a"), None);
        files.write("a", &schema(15));
        assert_eq!(files.read("a"), Some(schema(15)));
        assert_eq!(files.read("b"), None);

        let path = files.schema("a");
        let whole = fs::read_to_string(&path).unwrap();
        for broken in [
            String::new(),
            whole[..whole.len() / 2].to_owned(),
            whole.replace("\"format\":2", "\"format\":1"),
            whole.replace("\"fingerprint\":\"a\"", "\"fingerprint\":\"b\""),
            whole.replace(env!("CARGO_PKG_VERSION"), "0.0.1"),
            "\u{0}".repeat(100),
        ] {
            fs::write(&path, &broken).unwrap();
            assert_eq!(files.read("a"), None, "{broken}");
            files.write("a", &schema(16));
            assert_eq!(files.read("a"), Some(schema(16)));
        }
    }

    #[test]
    fn a_project_is_followed_to_its_schema() {
        let folder = tempfile::tempdir().unwrap();
        let files = SchemaFiles::of(folder.path());
        let (one, other) = (Path::new("/one"), Path::new("/other"));
        files.write("a", &schema(15));
        files.note(one, "a");
        files.note(one, "a");
        files.note(other, "gone");
        assert_eq!(files.of_project(one), Some(schema(15)));
        assert_eq!(files.of_project(other), None);
        files.write("b", &schema(17));
        files.note(one, "b");
        assert_eq!(files.of_project(one), Some(schema(17)));
    }

    #[test]
    fn the_least_recently_used_go_first() {
        let folder = tempfile::tempdir().unwrap();
        let files = SchemaFiles::of(folder.path());
        let long_ago = SystemTime::now() - Duration::from_secs(1_000);
        for number in 0..SCHEMAS_MAX {
            let name = number.to_string();
            files.write(&name, &schema(15));
            let file = File::options().append(true).open(files.schema(&name)).unwrap();
            file.set_modified(long_ago + Duration::from_secs(number as u64)).unwrap();
        }
        assert!(files.read("0").is_some(), "and now it is used");
        files.write("new", &schema(15));
        assert_eq!(names(&files), SCHEMAS_MAX);
        assert!(files.read("0").is_some() && files.read("new").is_some());
        assert!(files.read("1").is_none());
    }

    #[test]
    fn a_folder_that_cannot_be_made_costs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("schemas"), "").unwrap();
        let files = SchemaFiles::of(folder.path());
        files.write("a", &schema(15));
        files.note(Path::new("/x"), "a");
        assert_eq!(files.read("a"), None);
    }
}
