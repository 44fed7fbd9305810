//! Lanes on the command line.

use seedbed_api::lease::LaneChoice;

/// Reads a lane.
pub(crate) fn parse_lane(text: &str) -> Result<LaneChoice, String> {
    LaneChoice::from_word(text)
        .ok_or_else(|| "expected auto, rewind, clone, truncate or rollback".to_owned())
}
