//! How the current lease of a slot is reset, and what changes that.

use seedbed_api::lease::{Lane, LaneChoice};

/// After so many replacements in a row without a test's name, rewinding is not
/// tried any more while the lease lasts.
const PATIENCE: u32 = 3;

/// How the current lease of a slot is reset.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    pub(super) wanted: LaneChoice,
    pub(super) lane: Lane,
    /// The test the lease was taken for.
    pub(super) of_lease: Option<String>,
    /// The test that runs or ran last, as far as we were told.
    pub(super) test: Option<String>,
    /// Whether nothing was rewound since it was named.
    pub(super) runs: bool,
    /// Replacements in a row that no test's name explains.
    pub(super) unexplained: u32,
    pub(super) broken: bool,
    pub(super) replaced: u64,
}

impl Manner {
    /// The test that runs, if it was named.
    pub(super) fn running(&self) -> Option<&str> {
        self.test.as_deref().filter(|_| self.runs)
    }

    /// The lane for the next reset.
    pub(super) fn lane(&self) -> Lane {
        let may_change = self.wanted == LaneChoice::Auto && self.lane == Lane::Rewind;
        if may_change && self.unexplained >= PATIENCE { Lane::Clone } else { self.lane }
    }
}
