//! `seedbed reaper`: the second process of every run.

use seedbed_api::Result;

use crate::args::ReaperArgs;

pub(super) fn reaper(args: &ReaperArgs) -> Result<()> {
    seedbed_engine::reap(&args.claim)
}
