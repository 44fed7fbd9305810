//! Which lane a lease is on. What is possible follows from the template's
//! finish, which follows from rights:
//!
//! | the service's role | finish of the template | lanes |
//! |---|---|---|
//! | superuser | journal | rewind (default), clone, rollback |
//! | superuser, and `lane` is clone | none | clone |
//! | owner of the tables, may create databases | none | clone (default) |
//! | either, and `lane` is truncate; the owner, and it is rollback | truncate | truncate, clone, rollback |
//!
//! The server's version decides nothing from 13 on: transition tables (10) and
//! `hashtextextended` (11) are there, and event triggers and the replica role
//! are a superuser's in all of them.

use seedbed_api::lease::{Lane, LaneChoice, ProblemCode};
use seedbed_api::{Failure, Result};

use crate::Finish;

/// What a template is finished with, for a wanted lane.
///
/// # Errors
/// `LaneImpossible` where rights do not allow the lane.
pub(crate) fn finish(wanted: LaneChoice, superuser: bool) -> Result<Finish> {
    match wanted {
        LaneChoice::Truncate => Ok(Finish::Truncate),
        LaneChoice::Rollback if !superuser => Ok(Finish::Truncate),
        LaneChoice::Rewind if !superuser => Err(impossible(
            Lane::Rewind,
            "the role is no superuser, so it may not watch for changes of the schema",
        )
        .hint("lane = \"auto\"")),
        LaneChoice::Clone => Ok(Finish::Plain),
        LaneChoice::Auto if !superuser => Ok(Finish::Plain),
        LaneChoice::Auto | LaneChoice::Rewind | LaneChoice::Rollback => Ok(Finish::Journal),
    }
}

/// What speaks for a lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// What the template is finished with.
    pub(crate) finish: Finish,
    /// The lane of the service, by flag or configuration.
    pub(crate) service: LaneChoice,
    /// Why the test is known not to be rewindable.
    pub(crate) evidence: Option<&'a str>,
    /// Why this very database cannot be rewound.
    pub(crate) obstacle: Option<&'a str>,
}

/// The lane for a lease, and why.
///
/// # Errors
/// `LaneImpossible` if a lane is named that cannot be had.
pub(crate) fn choose(wanted: LaneChoice, facts: &Facts<'_>) -> Result<(Lane, String)> {
    let named = wanted.named().or(facts.service.named());
    let possible = match facts.finish {
        Finish::Journal if facts.obstacle.is_none() => Lane::Rewind,
        Finish::Truncate if facts.obstacle.is_none() => Lane::Truncate,
        Finish::Journal | Finish::Truncate | Finish::Plain => Lane::Clone,
    };
    let unable = || match (facts.obstacle, facts.finish) {
        (Some(why), _) => why,
        (None, Finish::Journal) => "the template holds the undo journal",
        (None, Finish::Truncate) => "the template is prepared for the truncate lane",
        (None, Finish::Plain) => "the template holds no undo journal",
    };
    match (named, facts.evidence) {
        (None, Some(why)) => Ok((Lane::Clone, format!("this test cannot be rewound: {why}"))),
        (None, None) => Ok((
            possible,
            match possible {
                Lane::Rewind => "rights allow it".to_owned(),
                _ => unable().to_owned(),
            },
        )),
        (Some(Lane::Clone), _) => Ok((Lane::Clone, "asked for".to_owned())),
        (Some(Lane::Rollback), _) if possible != Lane::Clone => {
            Ok((Lane::Rollback, "asked for".to_owned()))
        }
        (Some(lane), _) if lane == possible => Ok((lane, "asked for".to_owned())),
        (Some(lane), _) => Err(impossible(lane, unable()).hint(format!(
            "seedbed run --lane {} -- COMMAND",
            if lane == Lane::Truncate { "truncate" } else { "auto" }
        ))),
    }
}

fn impossible(lane: Lane, why: &str) -> Failure {
    ProblemCode::LaneImpossible.failure(format!("the lane `{}` is impossible: {why}", lane.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_decide_the_finish() {
        use LaneChoice::{Auto, Clone, Rewind, Rollback, Truncate};
        for (wanted, superuser, expected) in [
            (Auto, true, Some(Finish::Journal)),
            (Rewind, true, Some(Finish::Journal)),
            (Rollback, true, Some(Finish::Journal)),
            (Clone, true, Some(Finish::Plain)),
            (Truncate, true, Some(Finish::Truncate)),
            (Auto, false, Some(Finish::Plain)),
            (Rewind, false, None),
            (Rollback, false, Some(Finish::Truncate)),
            (Clone, false, Some(Finish::Plain)),
            (Truncate, false, Some(Finish::Truncate)),
        ] {
            assert_eq!(finish(wanted, superuser).ok(), expected, "{wanted:?} {superuser}");
        }
    }

    #[test]
    fn the_finish_the_wish_and_the_evidence_decide_the_lane() {
        use LaneChoice::{Auto, Clone, Rewind, Rollback, Truncate};
        let facts =
            |finish, evidence, obstacle| Facts { finish, service: Auto, evidence, obstacle };
        for (wanted, finish, evidence, obstacle, expected) in [
            (Auto, Finish::Journal, None, None, Some(Lane::Rewind)),
            (Auto, Finish::Journal, Some("ALTER TABLE"), None, Some(Lane::Clone)),
            (Auto, Finish::Journal, None, Some("no rights"), Some(Lane::Clone)),
            (Rewind, Finish::Journal, Some("ALTER TABLE"), None, Some(Lane::Rewind)),
            (Rewind, Finish::Journal, None, Some("no rights"), None),
            (Truncate, Finish::Journal, None, None, None),
            (Rollback, Finish::Journal, None, None, Some(Lane::Rollback)),
            (Clone, Finish::Journal, None, None, Some(Lane::Clone)),
            (Auto, Finish::Plain, None, None, Some(Lane::Clone)),
            (Rewind, Finish::Plain, None, None, None),
            (Rollback, Finish::Plain, None, None, None),
            (Auto, Finish::Truncate, None, None, Some(Lane::Truncate)),
            (Rollback, Finish::Truncate, None, None, Some(Lane::Rollback)),
        ] {
            let chosen = choose(wanted, &facts(finish, evidence, obstacle));
            assert_eq!(
                chosen.as_ref().ok().map(|(lane, _)| *lane),
                expected,
                "{wanted:?} on {finish:?}, {evidence:?}, {obstacle:?}"
            );
        }
        let service = Facts { service: Clone, ..facts(Finish::Journal, None, None) };
        assert_eq!(choose(Auto, &service).unwrap().0, Lane::Clone);
        assert_eq!(choose(Rewind, &service).unwrap().0, Lane::Rewind);
    }
}
