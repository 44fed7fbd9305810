//! What plain SQL can do on a database that Seedbed has not touched: the
//! limits, and what other tools send.

use anyhow::{Context as _, Result, ensure};

use super::super::contestant::Contestant;
use super::super::desk::Desk;
use super::shape::Shape;
use super::touch::{ROWS_SEEN, TOUCHES};
use super::{BURST, SMALL_BURST};

/// Rolling back is the limit: nothing was committed, nothing is looked for.
pub(crate) fn rollbacks(shape: &Shape, desk: &Desk) -> Result<Vec<Contestant<'static>>> {
    let mut contestants = Vec::new();
    for touch in &TOUCHES {
        let name = format!("limit: rollback, {}, {}", shape.name, touch.name);
        let before = desk.value(ROWS_SEEN)?;
        let desk = desk.clone();
        let turn = move || {
            desk.batch("BEGIN")?;
            desk.batch(touch.writes)?;
            let took = desk.time("ROLLBACK")?;
            Ok((took, desk.clone()))
        };
        let (_, desk) = turn()?;
        ensure!(desk.value(ROWS_SEEN)? == before, "{name}: something was committed");
        let turn = move || turn().map(|(took, _)| took);
        contestants.push(Contestant::new(name, 1, turn).in_bursts(BURST));
    }
    Ok(contestants)
}

/// Emptying all tables, and the limit of that: to know which are dirty. Both
/// on a database without rows, because neither brings any back.
pub(crate) fn emptyings(shape: &Shape, desk: &Desk) -> Result<Vec<Contestant<'static>>> {
    let mut contestants = Vec::new();
    let empty = desk.value(ROWS_SEEN)?;
    for touch in &TOUCHES {
        let all = shape.truncate_all();
        for (what, every, calls, undo) in [
            ("truncate all", 10, SMALL_BURST, all.as_str()),
            ("limit: delete dirtied", 1, BURST, touch.deletes),
        ] {
            let name = format!("{what}, {}, {}", shape.name, touch.name);
            let (desk, undo) = (desk.clone(), undo.to_owned());
            let judge = desk.clone();
            let turn = move || {
                desk.batch(touch.inserts)?;
                desk.time(&undo)
            };
            turn().with_context(|| name.clone())?;
            ensure!(judge.value(ROWS_SEEN)? == empty, "{name}: rows were left");
            contestants.push(Contestant::new(name, every, turn).in_bursts(calls));
        }
    }
    Ok(contestants)
}
