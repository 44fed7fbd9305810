//! Collects the files of a recipe from disk.
//!
//! Paths are relative to the project root with `/` as separator and sorted,
//! so that the same project has the same recipe on every machine. Symlinks
//! are followed only while they stay below the root.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use globset::GlobSetBuilder;
use seedbed_api::{Context, Failure, Kind, Result};
use seedbed_recipe::SourceFile;
use walkdir::{DirEntry, WalkDir};

use super::pattern;
use super::recipe::RecipeSource;

/// Largest single file read, in bytes: a larger dump is a backup, not a schema.
pub const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// Most bytes read for one recipe.
pub const MAX_TOTAL_BYTES: u64 = 1024 * 1024 * 1024;

/// Most files read for one recipe.
pub const MAX_FILES: usize = 50_000;

/// Folders that never hold inputs but many files.
const SKIPPED_FOLDERS: [&str; 4] = [".git", "node_modules", "target", ".venv"];

/// Reads the files of a recipe: every file of a migrations folder, the
/// dump, or the inputs of a command.
///
/// # Errors
/// [`Kind::Recipe`] when the folder or file is missing, unreadable, empty, too
/// large, or leads out of the root; the message names it.
pub fn read_recipe(root: &Path, source: &RecipeSource) -> Result<Vec<SourceFile>> {
    match source {
        RecipeSource::Nothing => Ok(Vec::new()),
        RecipeSource::Command { inputs, .. } => read_globs(root, "recipe.inputs", inputs),
        RecipeSource::Dump { path } => {
            let mut reader = Reader::new(root)?;
            if !root.join(path).exists() {
                let message = format!("the dump {} does not exist", path.display());
                return Err(Failure::new(Kind::Recipe, message)
                    .hint(format!("pg_dump --schema-only --file {} …", path.display())));
            }
            reader.allow(&root.join(path))?;
            reader.take(&root.join(path))?;
            Ok(reader.files())
        }
        RecipeSource::Migrations { path, .. } => {
            let folder = root.join(path);
            if !folder.is_dir() {
                let what = if folder.exists() { "is not a folder" } else { "does not exist" };
                let message = format!("the migrations folder {} {what}", path.display());
                return Err(Failure::new(Kind::Recipe, message)
                    .hint("[recipe]\nmigrations = \"db/migrations\""));
            }
            let mut reader = Reader::new(root)?;
            reader.allow(&folder)?;
            reader.walk(&folder, |_| true)?;
            if reader.files.is_empty() {
                let message = format!("the migrations folder {} is empty", path.display());
                return Err(Failure::new(Kind::Recipe, message)
                    .hint("[recipe]\nmigrations = \"db/migrations\""));
            }
            Ok(reader.files())
        }
    }
}

/// Reads the files that match any of the globs; `key` names where they stand.
///
/// # Errors
/// [`Kind::Recipe`] as [`read_recipe`], and when a glob matches nothing.
pub fn read_globs(root: &Path, key: &str, globs: &[String]) -> Result<Vec<SourceFile>> {
    let mut reader = Reader::new(root)?;
    for glob in globs {
        let flawed =
            |flaw: String| Failure::new(Kind::Config, format!("`{key}`: \"{glob}\": {flaw}"));
        let mut set = GlobSetBuilder::new();
        set.add(pattern::build(glob).map_err(flawed)?);
        let set = set.build().context(Kind::Config, || format!("`{key}`: \"{glob}\""))?;
        let before = reader.matched;
        let base = root.join(pattern::base(glob));
        if base.is_dir() {
            reader.walk(&base, |relative| set.is_match(relative))?;
        }
        if reader.matched == before {
            let message = format!("`{key}`: \"{glob}\" matches no file");
            return Err(Failure::new(Kind::Recipe, message)
                .hint(format!("globs are relative to {}", root.display())));
        }
    }
    Ok(reader.files())
}

struct Reader {
    root: PathBuf,
    /// Folders that links may lead into: the root, and a folder named outside it.
    bounds: Vec<PathBuf>,
    files: BTreeMap<String, Vec<u8>>,
    total_bytes: u64,
    matched: usize,
}

impl Reader {
    fn new(root: &Path) -> Result<Self> {
        let root = fs::canonicalize(root)
            .context(Kind::Recipe, || format!("cannot read {}", root.display()))?;
        let bounds = vec![root.clone()];
        Ok(Self { root, bounds, files: BTreeMap::new(), total_bytes: 0, matched: 0 })
    }

    /// Lets links lead into a path that the configuration names itself.
    fn allow(&mut self, named: &Path) -> Result<()> {
        let real = fs::canonicalize(named)
            .context(Kind::Recipe, || format!("cannot read {}", self.name(named)))?;
        self.bounds.push(real);
        Ok(())
    }

    fn within(&self, real: &Path) -> bool {
        self.bounds.iter().any(|bound| real.starts_with(bound))
    }

    /// Takes every file below `folder` whose relative path is wanted.
    fn walk(&mut self, folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<()> {
        // walkdir reports loops of symlinks as errors of their own.
        let mut walk = WalkDir::new(folder).follow_links(true).into_iter();
        while let Some(entry) = walk.next() {
            let entry =
                entry.context(Kind::Recipe, || format!("cannot read {}", self.name(folder)))?;
            if entry.file_type().is_dir() {
                if entry.depth() > 0 && !self.enters(&entry) {
                    walk.skip_current_dir();
                }
                continue;
            }
            if !wanted(&self.name(entry.path())) {
                continue;
            }
            self.matched += 1;
            self.take(entry.path())?;
        }
        Ok(())
    }

    /// Whether a folder is worth a look: not a store of foreign files, and not
    /// a link out of the project.
    fn enters(&self, folder: &DirEntry) -> bool {
        !SKIPPED_FOLDERS.iter().any(|skipped| folder.file_name() == *skipped)
            && (!folder.path_is_symlink()
                || fs::canonicalize(folder.path()).is_ok_and(|real| self.within(&real)))
    }

    /// Takes one file.
    fn take(&mut self, path: &Path) -> Result<()> {
        let name = self.name(path);
        if self.files.contains_key(&name) {
            return Ok(());
        }
        let unreadable = |error: std::io::Error| {
            Failure::new(Kind::Recipe, format!("cannot read {name}"))
                .because(error)
                .hint(format!("ls -l {name}"))
        };
        let real = fs::canonicalize(path).map_err(unreadable)?;
        if !self.within(&real) {
            let message = format!("{name} leads out of the project, to {}", real.display());
            return Err(Failure::new(Kind::Recipe, message).hint("copy the file into the project"));
        }
        let metadata = fs::metadata(&real).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(Failure::new(Kind::Recipe, format!("{name} is not a file")));
        }
        self.total_bytes += metadata.len();
        let too_much = if metadata.len() > MAX_FILE_BYTES {
            Some(format!("{name} is larger than {} MiB", MAX_FILE_BYTES >> 20))
        } else if self.total_bytes > MAX_TOTAL_BYTES {
            Some(format!(
                "the recipe's files up to {name} hold more than {} MiB",
                MAX_TOTAL_BYTES >> 20
            ))
        } else if self.files.len() == MAX_FILES {
            Some(format!("the recipe has more than {MAX_FILES} files"))
        } else {
            None
        };
        if let Some(message) = too_much {
            return Err(Failure::new(Kind::Recipe, message)
                .hint("dump the schema only: pg_dump --schema-only"));
        }
        self.files.insert(name.clone(), fs::read(&real).map_err(unreadable)?);
        Ok(())
    }

    /// The path relative to the root with `/`; absolute when it lies elsewhere.
    fn name(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let parts: Vec<_> =
            relative.components().filter(|part| *part != std::path::Component::CurDir).collect();
        parts.iter().collect::<PathBuf>().to_string_lossy().replace('\\', "/")
    }

    fn files(self) -> Vec<SourceFile> {
        self.files.into_iter().map(|(path, bytes)| SourceFile::new(path, bytes)).collect()
    }
}
