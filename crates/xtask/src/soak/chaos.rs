//! Kills, one participant after the other, until each had its share.

use anyhow::Result;

use super::lane::{Order, tell};
use super::report::{Finding, Outcome};
use super::round::Rounds;

/// Rounds that find no victim are repeated, but not for ever.
const MOST_MISSES: u64 = 20;

/// Plays this lane's share: each round has a seed of its own, so that one can
/// be repeated alone.
pub(crate) fn play(order: &Order) -> Result<()> {
    let mut rounds = Rounds::open(&order.program, order.private)?;
    let deadline = order.deadline();
    let mut number = order.lane;
    loop {
        let over = match deadline {
            Some(deadline) => std::time::Instant::now() >= deadline,
            None => number >= order.options.rounds,
        };
        if over {
            return Ok(());
        }
        for participant in &order.options.participants {
            for miss in 0..MOST_MISSES {
                // Repetitions of a missed round get seeds that no other round has.
                let seed = order.options.seed + number + miss * 1_000_003;
                let (scene, outcome) = rounds.play(*participant, seed);
                let missed = outcome == Outcome::Missed;
                let fault = matches!(outcome, Outcome::Fault(_));
                let (row, column) = (participant.word().to_owned(), scene.word().to_owned());
                tell(&Finding { row, column, outcome })?;
                if fault {
                    rounds = rounds.afresh(order)?;
                }
                if !missed {
                    break;
                }
            }
        }
        number += order.lanes;
    }
}
