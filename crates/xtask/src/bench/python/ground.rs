//! Where Python's suites run: an environment with pytest and the peers, the
//! package as its sources are, compiled once, and the suites.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::super::peers::install::bounded;
use crate::python::environment::{Environment, interpreter};
use crate::root;
use crate::stage::Stage;

/// The package, and what is installed beside it.
const PACKAGE: &str = "clients/python";
const LIST: &str = "requirements/bench.txt";

/// Suites and scripts; `conftest.py` tells what tests took.
const FILES: &[(&str, &str)] = &[
    ("conftest.py", include_str!("suites/conftest.py")),
    ("test_seedbed_committed.py", include_str!("suites/test_seedbed_committed.py")),
    ("test_seedbed_open.py", include_str!("suites/test_seedbed_open.py")),
    ("test_seedbed_service.py", include_str!("suites/test_seedbed_service.py")),
    ("test_pytest_postgresql.py", include_str!("suites/test_pytest_postgresql.py")),
    ("test_django_flush.py", include_str!("suites/test_django_flush.py")),
    ("test_django_rollback.py", include_str!("suites/test_django_rollback.py")),
    ("test_truncate.py", include_str!("suites/test_truncate.py")),
    ("test_nothing.py", include_str!("suites/test_nothing.py")),
    ("test_nothing_beside.py", include_str!("suites/test_nothing_beside.py")),
    ("make_alone.py", include_str!("suites/make_alone.py")),
    ("import_time.py", include_str!("suites/import_time.py")),
    ("settings.py", include_str!("../isolation/guests/django_settings.py")),
    ("chains/__init__.py", ""),
    ("chains/models.py", include_str!("../isolation/guests/django_models.py")),
];

/// All that a run needs beside a database.
pub(super) struct Ground {
    python: PathBuf,
    folder: PathBuf,
}

/// One process to start.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// A suite, `test_….py`, or a script.
    pub(super) file: &'static str,
    /// More words for pytest.
    pub(super) words: &'static [&'static str],
    /// How many tests, or calls, are counted.
    pub(super) tests: usize,
    /// Where its database is.
    pub(super) variables: Vec<(String, String)>,
}

impl Ground {
    /// Installs what is not installed; `None` where there is no Python.
    pub(super) fn open(stage: &Stage) -> Result<Option<Self>> {
        let Some(python) = interpreter() else { return Ok(None) };
        let package = root::find()?.join(PACKAGE);
        let environment = Environment::open("bench", &python, &package.join(LIST))?;
        let folder = stage.dir().join("python");
        for (name, text) in FILES {
            let file = folder.join("suites").join(name);
            std::fs::create_dir_all(file.parent().context("a file is in a folder")?)?;
            std::fs::write(file, text)?;
        }
        copy(&package.join("src"), &folder.join("site"))?;
        let ground = Self { python: environment.program("python"), folder };
        // As an installed package is, so that no process compiles it.
        let mut compile = Command::new(&ground.python);
        compile.args(["-m", "compileall", "-q"]).args([ground.site(), ground.suites()]);
        bounded(&mut compile, &ground.folder)?;
        Ok(Some(ground))
    }

    /// Runs it to its good end: what it told, by name.
    pub(super) fn told(&self, stage: &Stage, run: &Run) -> Result<Vec<(String, Vec<Duration>)>> {
        let told = self.folder.join("told.json");
        let _ = std::fs::remove_file(&told);
        let mut command = Command::new(&self.python);
        stage.surround(&mut command);
        for (name, _) in std::env::vars_os() {
            if ["PG", "PYTEST", "DJANGO"]
                .iter()
                .any(|head| name.to_string_lossy().starts_with(head))
            {
                command.env_remove(name);
            }
        }
        let suites = self.suites();
        command.env("PYTHONPATH", std::env::join_paths([self.site(), suites.clone()])?);
        // No run pays for the plugins of others.
        command.env("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1");
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("BENCH_TESTS", run.tests.to_string()).env("BENCH_TOLD", &told);
        command.envs(run.variables.iter().map(|(name, value)| (name, value)));
        if run.file.starts_with("test_") {
            command.args(["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--rootdir"]);
            command.arg(&suites).args(run.words);
        }
        command.arg(suites.join(run.file));
        bounded(&mut command, &self.folder)?;
        let text =
            std::fs::read_to_string(&told).with_context(|| format!("{} told nothing", run.file))?;
        read(&text, run.tests).with_context(|| run.file.to_owned())
    }

    fn site(&self) -> PathBuf {
        self.folder.join("site")
    }

    fn suites(&self) -> PathBuf {
        self.folder.join("suites")
    }
}

/// What a process told: an object of lists of microseconds. A list is whole if
/// it has one figure, for the run, or one for each test.
fn read(text: &str, tests: usize) -> Result<Vec<(String, Vec<Duration>)>> {
    let told: Value = serde_json::from_str(text)?;
    let lists = told.as_object().context("not an object")?;
    let mut figures = Vec::new();
    for (name, list) in lists {
        let list = list.as_array().with_context(|| format!("{name} is no list"))?;
        let times: Option<Vec<Duration>> =
            list.iter().map(|figure| figure.as_u64().map(Duration::from_micros)).collect();
        let times = times.with_context(|| format!("{name} has what is no figure"))?;
        if times.len() != 1 && times.len() < tests {
            bail!("{name} has {} figures of {tests}", times.len());
        }
        figures.push((name.clone(), times));
    }
    Ok(figures)
}

/// Copies sources, and nothing that was compiled elsewhere.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_name() == "__pycache__" {
            continue;
        } else if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_told_is_read_and_must_be_whole() {
        let read = |text| read(text, 2);
        let told = read(r#"{"test": [1500, 20], "whole": [7]}"#).unwrap();
        let [test, whole] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((test.0.as_str(), test.1[0]), ("test", Duration::from_micros(1500)));
        assert_eq!(whole.1, [Duration::from_micros(7)]);
        for text in ["", "[]", r#"{"test": []}"#, r#"{"test": [-1, 2]}"#, r#"{"test": 3}"#] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(super::read(r#"{"test": [1, 2]}"#, 3).is_err());
    }

    #[test]
    fn sources_are_copied_without_what_was_compiled() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        std::fs::create_dir_all(from.join("part/__pycache__")).unwrap();
        std::fs::write(from.join("part/one.py"), "1").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(std::fs::read_to_string(to.join("part/one.py")).unwrap(), "1");
        assert!(!to.join("part/__pycache__").exists());
    }
}
