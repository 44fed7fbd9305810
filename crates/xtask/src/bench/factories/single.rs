//! One row: a user that is there, and one that is not, beside what plain SQL
//! needs for the same on the same connection.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use seedbed_api::plan::{Argument, Call, Outcome};
use seedbed_db::{Call as Query, Prepared, Session, Value};
use seedbed_factory::Manner;

use super::super::contestant::Contestant;
use super::maker::{Maker, user};

/// Calls of one turn that change nothing; the turn's figure is their mean.
const READS: u32 = 100;
/// Calls of one turn that insert.
const WRITES: u32 = 20;
/// Users that are there.
const USERS: u32 = 1_000;
/// The one that is looked for.
const KNOWN: &str = "known-500@example.test";

const SELECT: &str = "SELECT * FROM users WHERE email = $1";
const INSERT: &str = "INSERT INTO users (org_id, email, first_name, last_name, phone, city) \
                      VALUES ($1::text::bigint, $2, $3, $4, $5, $6) RETURNING *";
const ROUND_TRIP: &str = "SELECT 1";
const SAVEPOINT: &str = "SAVEPOINT careful";
const RELEASE: &str = "RELEASE SAVEPOINT careful";
/// Back to the users that were there.
const CLEAN_UP: &str = "DELETE FROM users WHERE email LIKE 'new-%'; VACUUM users";

/// In whose transaction a call runs.
const MANNERS: [Manner; 2] = [Manner::Autocommit, Manner::InTransaction];

/// Name of the round trip in the report.
pub(crate) const TRIP: &str = "limit: SELECT 1, prepared";

/// Names of one manner's contestants in the report.
pub(crate) struct Names {
    pub(crate) select: String,
    pub(crate) hit: String,
    pub(crate) both: String,
    /// As [`Names::both`], and whatever becomes of the insert, the transaction
    /// around it can go on: what a call in somebody's transaction promises.
    pub(crate) careful: Option<String>,
    pub(crate) miss: String,
    /// The organisation is passed, so that no parent is looked for.
    pub(crate) alone: String,
}

/// Of both manners.
pub(crate) fn names() -> [Names; 2] {
    MANNERS.map(Names::of)
}

impl Names {
    fn of(manner: Manner) -> Self {
        let place = match manner {
            Manner::Autocommit => "no transaction open",
            Manner::InTransaction => "in a transaction",
        };
        Self {
            select: format!("limit: select, {place}"),
            hit: format!("hit, {place}"),
            both: format!("limit: select and insert, {place}"),
            careful: (manner == Manner::InTransaction)
                .then(|| format!("limit: select and insert under a savepoint, {place}")),
            miss: format!("miss, {place}"),
            alone: format!("miss, organisation passed, {place}"),
        }
    }
}

/// The statements that a person would prepare.
struct Bare {
    select: Prepared,
    insert: Prepared,
    trip: Prepared,
    savepoint: Prepared,
    release: Prepared,
}

/// Everybody who makes or finds one row, all on the session of `maker`.
pub(crate) fn contestants(maker: &Rc<Maker>) -> Result<Vec<Contestant<'static>>> {
    fill(maker)?;
    let (runtime, session) = maker.parts();
    let texts = [SELECT, INSERT, ROUND_TRIP, SAVEPOINT, RELEASE];
    let prepared = runtime.block_on(session.prepare(&texts))?;
    let Ok([select, insert, trip, savepoint, release]) = <[Prepared; 5]>::try_from(prepared) else {
        anyhow::bail!("not all prepared")
    };
    let bare = Rc::new(Bare { select, insert, trip, savepoint, release });
    let number = Rc::new(Cell::new(0_u64));
    let next = move || {
        number.set(number.get() + 1);
        format!("new-{}@example.test", number.get())
    };

    let mut all = Vec::new();
    let (own, plain) = (Rc::clone(maker), Rc::clone(&bare));
    all.push(Contestant::new(TRIP, 1, move || {
        within(&own, Manner::Autocommit, READS, || round_trip(&own, &plain))
    }));
    for manner in MANNERS {
        let names = Names::of(manner);
        let (own, plain) = (Rc::clone(maker), Rc::clone(&bare));
        all.push(Contestant::new(names.select, 1, move || {
            within(&own, manner, READS, || select_one(&own, &plain))
        }));
        let own = Rc::clone(maker);
        let call = user(KNOWN);
        all.push(Contestant::new(names.hit, 1, move || {
            within(&own, manner, READS, || own.time(&call, manner, Outcome::Matched))
        }));
        let (own, plain, email) = (Rc::clone(maker), Rc::clone(&bare), next.clone());
        all.push(Contestant::new(names.both, 1, move || {
            within(&own, manner, WRITES, || select_and_insert(&own, &plain, &email(), false))
        }));
        if let Some(careful) = names.careful {
            let (own, plain, email) = (Rc::clone(maker), Rc::clone(&bare), next.clone());
            all.push(Contestant::new(careful, 1, move || {
                within(&own, manner, WRITES, || select_and_insert(&own, &plain, &email(), true))
            }));
        }
        for (name, passed) in [(names.miss, false), (names.alone, true)] {
            let (own, email) = (Rc::clone(maker), next.clone());
            all.push(Contestant::new(name, 1, move || {
                within(&own, manner, WRITES, || {
                    let call = new_user(&email(), passed);
                    own.time(&call, manner, Outcome::Created)
                })
            }));
        }
    }
    Ok(all.into_iter().map(|one| one.in_bursts(1)).collect())
}

fn new_user(email: &str, organisation: bool) -> Call {
    let mut call = user(email);
    if organisation {
        call.set.insert("org_id".to_owned(), Argument::Same(Some("1".to_owned())));
    }
    call
}

/// The users that are there, and the organisation that calls without one find.
fn fill(maker: &Maker) -> Result<()> {
    maker.time(&user("new-0@example.test"), Manner::Autocommit, Outcome::Created)?;
    ensure!(maker.value("SELECT string_agg(id::text, ',') FROM orgs")? == "1", "one organisation");
    maker.batch(&format!(
        "INSERT INTO users (org_id, email, first_name, last_name, phone, city)
         SELECT 1, format('known-%s@example.test', n), 'Ada', 'Miller', '+15550100', 'Springfield'
         FROM generate_series(1, {USERS}) AS n"
    ))?;
    maker.batch(&CLEAN_UP.replace("; VACUUM users", ""))?;
    maker.batch("VACUUM ANALYZE")
}

/// The mean of so many calls after one that is not counted: what cleans up
/// between two turns empties the processor's caches and has the server plan
/// anew, as nothing in a suite does. What they wrote is gone afterwards.
fn within(
    maker: &Maker,
    manner: Manner,
    calls: u32,
    mut call: impl FnMut() -> Result<Duration>,
) -> Result<Duration> {
    let inside = manner == Manner::InTransaction;
    if inside {
        maker.batch("BEGIN")?;
    }
    call()?;
    let mut took = Duration::ZERO;
    for _ in 0..calls {
        took += call()?;
    }
    if inside {
        maker.batch("ROLLBACK")?;
    }
    if calls == WRITES {
        for statement in CLEAN_UP.split("; ") {
            maker.batch(statement)?;
        }
    }
    Ok(took / calls)
}

async fn rows(session: &Session, statement: &Prepared, values: &[Value]) -> Result<usize> {
    let call = Query { statement, parameters: values.iter().collect() };
    let answers = session.pipeline(&[call]).await?;
    Ok(answers.first().map_or(0, |answer| answer.rows.len()))
}

fn round_trip(maker: &Maker, bare: &Bare) -> Result<Duration> {
    let (runtime, session) = maker.parts();
    let began = Instant::now();
    let found = runtime.block_on(rows(session, &bare.trip, &[]))?;
    let took = began.elapsed();
    ensure!(found == 1, "{found} rows");
    Ok(took)
}

fn select_one(maker: &Maker, bare: &Bare) -> Result<Duration> {
    let (runtime, session) = maker.parts();
    let began = Instant::now();
    let found = runtime.block_on(rows(session, &bare.select, &[Value::text(KNOWN)]))?;
    let took = began.elapsed();
    ensure!(found == 1, "{found} rows");
    Ok(took)
}

fn select_and_insert(maker: &Maker, bare: &Bare, email: &str, careful: bool) -> Result<Duration> {
    let (runtime, session) = maker.parts();
    let began = Instant::now();
    let (found, made) = runtime.block_on(async {
        let found = rows(session, &bare.select, &[Value::text(email)]).await?;
        let values = ["1", email, "Ada", "Miller", "+15550100", "Springfield"].map(Value::text);
        let insert = Query { statement: &bare.insert, parameters: values.iter().collect() };
        let answers = if careful {
            let none = |statement| Query { statement, parameters: Vec::new() };
            session.pipeline(&[none(&bare.savepoint), insert, none(&bare.release)]).await?
        } else {
            session.pipeline(&[insert]).await?
        };
        let made = answers.iter().map(|answer| answer.rows.len()).sum::<usize>();
        anyhow::Ok((found, made))
    })?;
    let took = began.elapsed();
    ensure!((found, made) == (0, 1), "{found} rows found, {made} made");
    Ok(took)
}
