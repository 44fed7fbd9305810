//! Who is measured: suites of tests that each insert the same unique row, and
//! what a call or an import costs by itself.

use super::super::isolation::shape::Shape;

/// A suite that isolates its tests in one way.
pub(super) struct Arm {
    /// How it is called.
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    /// The plugin it needs, as words for pytest.
    pub(super) words: &'static [&'static str],
    pub(super) kind: Kind,
}

/// Whose way it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Seedbed's own.
    Ours,
    /// A peer's whose tests may commit.
    Committed,
    /// A peer's whose tests must not.
    RolledBack,
}

const SEEDBED: &[&str] = &["-p", "seedbed.pytest_plugin"];
const DJANGO: &[&str] = &["-p", "pytest_django.plugin", "--reuse-db"];

/// What the targets are about.
pub(super) const COMMITTED: &str = "Seedbed, row by make on db, committed";

/// All suites with a database.
pub(super) const ARMS: &[Arm] = &[
    Arm { name: COMMITTED, file: "test_seedbed_committed.py", words: SEEDBED, kind: Kind::Ours },
    Arm {
        name: "Seedbed, row by make on db, left open",
        file: "test_seedbed_open.py",
        words: SEEDBED,
        kind: Kind::Ours,
    },
    Arm {
        name: "Seedbed, row by make in the service",
        file: "test_seedbed_service.py",
        words: SEEDBED,
        kind: Kind::Ours,
    },
    Arm {
        name: "pytest-postgresql, client",
        file: "test_pytest_postgresql.py",
        words: &["-p", "pytest_postgresql.plugin"],
        kind: Kind::Committed,
    },
    Arm {
        name: "pytest-django, transaction=True",
        file: "test_django_flush.py",
        words: DJANGO,
        kind: Kind::Committed,
    },
    Arm {
        name: "truncate all on a kept server",
        file: "test_truncate.py",
        words: &[],
        kind: Kind::Committed,
    },
    Arm {
        name: "pytest-django, django_db, rolled back",
        file: "test_django_rollback.py",
        words: DJANGO,
        kind: Kind::RolledBack,
    },
];

/// A test without a database: who pays what.
pub(super) const NOTHING: [(&str, &str, &[&str]); 3] = [
    (PLAIN, "test_nothing.py", &[]),
    (WITH_PLUGIN, "test_nothing.py", SEEDBED),
    (BESIDE, "test_nothing_beside.py", SEEDBED),
];
pub(super) const PLAIN: &str = "no database, plain pytest";
pub(super) const WITH_PLUGIN: &str = "no database, with the plugin";
pub(super) const BESIDE: &str = "no database, beside a test that uses it";

/// What `make_alone.py` tells: its word, and its name in the report.
pub(super) const ALONE: [(&str, &str); 4] = [
    ("select", "psycopg: SELECT of a row by its key"),
    ("hit", "make: a row that is there"),
    ("insert", "psycopg: INSERT … RETURNING"),
    ("miss", "make: a row that is not there"),
];

/// What `import_time.py` tells.
pub(super) const IMPORTS: [(&str, &str); 2] =
    [("package", "import seedbed"), ("plugin", "import seedbed.pytest_plugin, after pytest")];

/// The name of a test's time: set-up, call and tear-down as pytest takes them.
pub(super) fn test(name: &str, shape: &Shape) -> String {
    format!("{name}, {}", shape.name)
}

/// The name of the same with all that pytest does around a test.
pub(super) fn whole(name: &str) -> String {
    format!("{name}, whole run")
}
