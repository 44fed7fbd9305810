//! Every example, what it needs and how it is called.

use super::packages::Packages;

/// One example.
pub(super) struct Runner {
    /// Its folder.
    pub(super) name: &'static str,
    /// Programs that must be on PATH.
    pub(super) needs: &'static [&'static str],
    /// Where its packages come from.
    pub(super) packages: Packages,
    pub(super) calls: &'static [Call],
}

/// One call, below `seedbed run --workers SLOTS --`.
pub(super) struct Call {
    pub(super) slots: u32,
    pub(super) command: &'static str,
}

const fn call(slots: u32, command: &'static str) -> Call {
    Call { slots, command }
}

/// As many workers as slots, fewer, and more; and what is special.
pub(super) const ALL: &[Runner] = &[
    Runner {
        name: "pytest-xdist",
        needs: &["python3"],
        packages: Packages::Pip,
        calls: &[
            call(3, "pytest -q -p no:cacheprovider -n 3"),
            call(3, "pytest -q -p no:cacheprovider -n 2"),
            call(2, "pytest -q -p no:cacheprovider -n 4"),
            call(1, "pytest -q -p no:cacheprovider"),
            call(3, "pytest -q -p no:cacheprovider -n 3 --max-worker-restart 4 crash"),
        ],
    },
    Runner {
        name: "nextest",
        needs: &["cargo-nextest"],
        packages: Packages::Cargo,
        calls: &[
            call(3, "cargo nextest run --test-threads 3"),
            call(3, "cargo nextest run --test-threads 2"),
            call(2, "cargo nextest run --test-threads 5"),
            call(2, "cargo test --quiet -- --test-threads 5"),
        ],
    },
    Runner {
        name: "jest",
        needs: &["npx"],
        packages: Packages::Npm,
        calls: &[
            call(3, "npx jest --randomize --maxWorkers 3"),
            call(3, "npx jest --randomize --maxWorkers 2"),
            call(1, "npx jest --randomize --maxWorkers 3"),
            call(1, "npx jest --randomize --runInBand"),
        ],
    },
    Runner {
        name: "vitest",
        needs: &["npx"],
        packages: Packages::Npm,
        calls: &[
            call(3, "npx vitest run --sequence.shuffle --maxWorkers 3"),
            call(3, "npx vitest run --sequence.shuffle --maxWorkers 2"),
            call(1, "npx vitest run --sequence.shuffle --maxWorkers 3"),
            call(3, "npx vitest run --sequence.shuffle --maxWorkers 3 --pool threads"),
        ],
    },
    Runner {
        name: "playwright",
        needs: &["npx"],
        packages: Packages::Npm,
        calls: &[
            call(3, "npx playwright test --workers 3"),
            call(3, "npx playwright test --workers 2 --fully-parallel"),
            call(2, "npx playwright test --workers 4 --fully-parallel"),
        ],
    },
    Runner {
        name: "parallel_tests",
        needs: &["bundle", "parallel_rspec"],
        packages: Packages::System,
        calls: &[
            call(3, "bundle exec parallel_rspec -n 3"),
            call(3, "bundle exec parallel_rspec -n 2"),
            call(1, "bundle exec parallel_rspec -n 3"),
        ],
    },
    Runner {
        name: "shell",
        needs: &["psql", "shuf"],
        packages: Packages::System,
        calls: &[call(3, "sh run.sh 3"), call(3, "sh run.sh 2"), call(2, "sh run.sh 5")],
    },
];
