//! Where the project is: the nearest folder upward that holds `seedbed.toml`.
//!
//! The search ends at the first folder with `.git`, so that a file in a parent
//! of the repository never has a say, and before any folder that everybody may
//! write to: in `/tmp` anybody could leave a file with commands for us.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use seedbed_api::{Context, Failure, Kind, Result};

/// Name of the configuration file.
pub const FILE_NAME: &str = "seedbed.toml";

/// Largest configuration file read, in bytes: beyond it, it is something else.
const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// The project's folder, and its configuration text if there is a file.
pub(super) struct Project {
    pub(super) root: PathBuf,
    pub(super) text: Option<String>,
    /// Without a file: the folders that may be the project's, nearest first.
    pub(super) candidates: Vec<PathBuf>,
}

/// Searches upward from `start`.
///
/// # Errors
/// [`Kind::Config`] when `start` is not a folder or the file cannot be read.
pub(super) fn find(start: &Path) -> Result<Project> {
    let start = fs::canonicalize(start).context(Kind::Config, || {
        format!("cannot use {} as the project folder", start.display())
    })?;
    if !start.is_dir() {
        let message = format!("cannot use {} as the project folder", start.display());
        return Err(Failure::new(Kind::Config, message).hint("name a folder after -C"));
    }
    let mut candidates = Vec::new();
    for folder in start.ancestors() {
        if folder != start && is_open_to_all(folder) {
            break;
        }
        let file = folder.join(FILE_NAME);
        if file.is_file() {
            let text = read(&file)?;
            let root = folder.to_owned();
            return Ok(Project { root, text: Some(text), candidates: Vec::new() });
        }
        candidates.push(folder.to_owned());
        if folder.join(".git").exists() {
            break;
        }
    }
    // Outside a repository nothing says that a parent belongs to the project.
    if !candidates.last().is_some_and(|top| top.join(".git").exists()) {
        candidates.truncate(1);
    }
    Ok(Project { root: start, text: None, candidates })
}

fn is_open_to_all(folder: &Path) -> bool {
    const WRITABLE_BY_OTHERS: u32 = 0o002;
    fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & WRITABLE_BY_OTHERS != 0)
}

fn read(path: &Path) -> Result<String> {
    let doing = || format!("cannot read {}", path.display());
    let mut text = String::new();
    let file = fs::File::open(path).context(Kind::Config, doing)?;
    file.take(MAX_CONFIG_BYTES + 1).read_to_string(&mut text).context(Kind::Config, doing)?;
    if text.len() as u64 > MAX_CONFIG_BYTES {
        let message = format!("{} is larger than {MAX_CONFIG_BYTES} bytes", path.display());
        return Err(Failure::new(Kind::Config, message));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_wins_and_git_ends_the_search() {
        let tree = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(tree.path()).unwrap();
        let deep = top.join("repo/app/src");
        fs::create_dir_all(&deep).unwrap();
        fs::write(top.join(FILE_NAME), "# outside the repository").unwrap();
        fs::create_dir(top.join("repo/.git")).unwrap();

        let none = find(&deep).unwrap();
        assert_eq!((none.root, none.text), (deep.clone(), None));

        fs::write(top.join("repo").join(FILE_NAME), "# repo").unwrap();
        assert_eq!(find(&deep).unwrap().root, top.join("repo"));

        fs::write(top.join("repo/app").join(FILE_NAME), "# app").unwrap();
        let app = find(&deep).unwrap();
        assert_eq!((app.root, app.text.as_deref()), (top.join("repo/app"), Some("# app")));
    }

    #[test]
    fn a_worktree_marks_its_root_with_a_file() {
        let tree = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(tree.path()).unwrap();
        fs::create_dir_all(top.join("worktree")).unwrap();
        fs::write(top.join(FILE_NAME), "").unwrap();
        fs::write(top.join("worktree/.git"), "gitdir: elsewhere").unwrap();
        assert_eq!(find(&top.join("worktree")).unwrap().root, top.join("worktree"));
    }

    #[test]
    fn a_file_that_anybody_could_have_left_is_not_taken() {
        use std::os::unix::fs::PermissionsExt as _;

        let tree = tempfile::tempdir().unwrap();
        let open = fs::canonicalize(tree.path()).unwrap().join("open");
        fs::create_dir_all(open.join("project")).unwrap();
        fs::write(open.join(FILE_NAME), "").unwrap();
        assert_eq!(find(&open.join("project")).unwrap().root, open);
        fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(find(&open.join("project")).unwrap().root, open.join("project"));
        // Standing in it is a choice.
        assert_eq!(find(&open).unwrap().text.as_deref(), Some(""));
    }

    #[test]
    fn a_missing_folder_and_a_huge_file_are_refused() {
        let tree = tempfile::tempdir().unwrap();
        let missing = find(&tree.path().join("missing")).err().unwrap();
        assert_eq!(missing.kind(), Kind::Config);
        fs::write(tree.path().join(FILE_NAME), vec![b'#'; 1024 * 1024 + 1]).unwrap();
        let huge = find(tree.path()).err().unwrap();
        assert!(huge.to_string().ends_with("seedbed.toml is larger than 1048576 bytes"), "{huge}");
    }
}
