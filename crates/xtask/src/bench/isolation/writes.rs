//! What the journal costs a test while it writes: the same statements on a
//! leased database and on a plain one, on a table that refers to another and is
//! referred to, with three indexes.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use seedbed_db::{Call, Prepared, Session};
use tokio::runtime::Runtime;

use super::super::contestant::Contestant;
use super::super::desk::Desk;
use super::SMALL_BURST;
use super::slot::Shared;

/// Statements of one turn; the turn's figure is their mean.
const STATEMENTS: u32 = 20;
/// So many rows to write on; all have numbers above those of the template.
const SET_UP: &str = "INSERT INTO t5 (id, number, parent_id)
    SELECT 1000 + n, 1000 + n, n % 50 + 1 FROM generate_series(1, 1000) n";
/// Back to the template's rows, where no rewind does it.
const CLEAN_UP: &str = "DELETE FROM t5 WHERE number > 1000";

/// A kind of statement.
struct Kind {
    name: &'static str,
    /// What there must be before.
    set_up: &'static str,
    /// Prepared once, run `times` times.
    statement: &'static str,
    /// Rows of one statement.
    rows: u64,
    times: u32,
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "insert of 1 row",
        set_up: "",
        statement: "INSERT INTO t5 (number, parent_id)
                    SELECT 1001 + coalesce(max(number), 0), 7 FROM t5",
        rows: 1,
        times: STATEMENTS,
    },
    Kind {
        name: "update of 1 row",
        set_up: "",
        statement: "UPDATE t5 SET amount = amount + 1 WHERE id = 7",
        rows: 1,
        times: STATEMENTS,
    },
    Kind {
        name: "delete of 1 row",
        set_up: SET_UP,
        statement: "DELETE FROM t5 WHERE id = (SELECT max(id) FROM t5)",
        rows: 1,
        times: STATEMENTS,
    },
    Kind { name: "insert of 1,000 rows", set_up: "", statement: SET_UP, rows: 1_000, times: 1 },
    Kind {
        name: "update of 1,000 rows",
        set_up: SET_UP,
        statement: "UPDATE t5 SET name = 'm' || id, amount = amount + 1 WHERE id BETWEEN 1001 AND 2000",
        rows: 1_000,
        times: 1,
    },
    Kind {
        name: "delete of 1,000 rows",
        set_up: SET_UP,
        statement: "DELETE FROM t5 WHERE id BETWEEN 1001 AND 2000",
        rows: 1_000,
        times: 1,
    },
];

/// Names of each pair, journaled and plain, and whether it is a batch.
pub(crate) fn pairs() -> impl Iterator<Item = (String, String, bool)> {
    KINDS.iter().map(|kind| (journaled(kind), plain(kind), kind.rows > 1))
}

fn journaled(kind: &Kind) -> String {
    format!("{}, journaled", kind.name)
}

fn plain(kind: &Kind) -> String {
    format!("{}, plain", kind.name)
}

/// All kinds on both databases.
pub(crate) fn contestants(
    runtime: &Rc<Runtime>,
    slot: &Shared,
    desk: &Desk,
) -> Result<Vec<Contestant<'static>>> {
    let mut contestants = Vec::new();
    for kind in &KINDS {
        let prepared = runtime.block_on(slot.borrow_mut().session()?.prepare(&[kind.statement]))?;
        let (own, slot) = (Rc::clone(runtime), Rc::clone(slot));
        let turn = move || {
            let mut slot = slot.borrow_mut();
            slot.write(kind.set_up)?;
            let took = run(&own, slot.session()?, &prepared, kind)?;
            slot.reset()?;
            slot.write("VACUUM t5")?;
            Ok(took)
        };
        let prepared = runtime.block_on(desk.parts().1.prepare(&[kind.statement]))?;
        let desk = desk.clone();
        let beside = move || {
            desk.batch(kind.set_up)?;
            let (runtime, session) = desk.parts();
            let took = run(runtime, session, &prepared, kind)?;
            desk.batch(CLEAN_UP)?;
            desk.batch("VACUUM t5")?;
            Ok(took)
        };
        let both =
            [Contestant::new(journaled(kind), 1, turn), Contestant::new(plain(kind), 1, beside)];
        contestants.extend(both.map(|one| one.in_bursts(SMALL_BURST)));
    }
    Ok(contestants)
}

/// The mean time of a statement.
fn run(
    runtime: &Runtime,
    session: &Session,
    prepared: &[Prepared],
    kind: &Kind,
) -> Result<Duration> {
    let mut took = Duration::ZERO;
    for statement in prepared.iter().cycle().take(kind.times as usize) {
        let call = [Call { statement, parameters: Vec::new() }];
        let began = Instant::now();
        let answers = runtime.block_on(session.pipeline(&call))?;
        took += began.elapsed();
        ensure!(answers.iter().all(|answer| answer.affected == kind.rows), "{}", kind.name);
    }
    Ok(took / kind.times)
}
