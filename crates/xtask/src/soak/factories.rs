//! `cargo xtask soak factories`: the same rows asked for again and again, in one
//! transaction, and by ten processes at once. Nothing is written twice, no
//! number is drawn that no row has, and no call takes longer for those before.
//! With `--schema FILE` every table of that schema is made, twice, and the
//! second time writes nothing.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use seedbed_api::plan::{Argument, Call, Outcome};
use seedbed_db::{FactoryValues, Ran, Runner, Session, Target};
use seedbed_factory::{Factory, Manner};
use seedbed_model::Settings;
use seedbed_values::Locale;

use super::theatre::Theatre;
use super::{client, version};
use crate::root;

/// Three times as many as a smallserial has numbers.
const REPEATS: u32 = 100_000;
/// Of them, so many in one transaction.
const IN_ONE: u32 = 20_000;
const PROCESSES: u32 = 10;
/// Calls of each process.
const CALLS: u32 = 1_000;
/// The short form makes this part of each.
const SHORT_PART: u32 = 20;
/// How much longer the last quarter of calls may take than the first, in
/// hundredths: others use the machine as well.
const RATIO: u128 = 200;
const BOUND: Duration = Duration::from_secs(20);

/// What any call could write: the transaction's number is drawn by the first
/// row, the numbers of sequences by any.
const WRITTEN: &str = "SELECT concat_ws(' ', pg_snapshot_xmax(pg_current_snapshot()), \
    (SELECT sum(last_value) FROM pg_sequences))";

const SCHEMA: &str = "CREATE TABLE made (id smallserial PRIMARY KEY, \
    email text NOT NULL UNIQUE, username text NOT NULL UNIQUE, name text)";

/// `cargo xtask soak factories [--part N] [--schema FILE] [--pg-version V] [--program FILE]`.
pub(crate) fn run(words: &[&str]) -> Result<bool> {
    let (mut part, mut schema, mut version, mut program) = (1, None, None, None);
    for pair in words.chunks(2) {
        match pair {
            ["inside", part] => return client::runtime()?.block_on(inside(part.parse()?)),
            ["tables", file] => return client::runtime()?.block_on(tables(file)),
            ["process", calls] => return client::runtime()?.block_on(process(calls.parse()?)),
            ["--part", value] => part = value.parse::<u32>()?.max(1),
            ["--schema", file] => schema = Some(std::path::absolute(file)?),
            ["--pg-version", value] => version = Some(value.parse()?),
            ["--program", file] => program = Some(std::path::absolute(file)?),
            other => bail!("soak factories does not know {}", other.join(" ")),
        }
    }
    let program = program.map_or_else(root::seedbed_release, Ok)?;
    match schema {
        None => soak(&program, ["inside", &part.to_string()], version),
        Some(file) => {
            let file = file.to_str().context("a schema with another name, please")?;
            soak(&program, ["tables", file], version)
        }
    }
}

/// The short form, for every push.
pub(crate) fn short() -> Result<bool> {
    soak(&root::seedbed()?, ["inside", &SHORT_PART.to_string()], None)
}

/// The calls run as the command of a run.
fn soak(program: &Path, inside: [&str; 2], version: Option<u16>) -> Result<bool> {
    let theatre = Theatre::open(program, false)?;
    let server = version::provide(&theatre.stage, version)?;
    let mut words = vec!["run"];
    words.extend(server.iter().map(String::as_str));
    words.push("--");
    let mut command = theatre.words(&words);
    command.arg(theatre.client()).args(["soak", "factories"]).args(inside);
    let mut job = theatre.spawn_loud(command)?;
    let status = job.end_whenever()?;
    if !status.success() {
        println!("FAIL factories: {}", theatre.said());
    }
    Ok(status.success())
}

async fn inside(part: u32) -> Result<bool> {
    let session = connect().await?;
    session.batch(SCHEMA).await?;
    let maker = Maker::on(session).await?;
    ensure!(maker.make(0, Manner::Autocommit).await? == Outcome::Created, "it was there");
    let before = maker.state().await?;
    let in_one = IN_ONE / part;
    maker.session().batch("BEGIN").await?;
    let slower = maker.repeat(in_one, Manner::InTransaction).await?;
    maker.session().batch("COMMIT").await?;
    ensure!(slower <= RATIO, "{in_one} repeats in one transaction: the last took {slower} %");
    let slower = maker.repeat(REPEATS / part - in_one, Manner::Autocommit).await?;
    ensure!(slower <= RATIO, "{} repeats: the last took {slower} %", REPEATS / part);
    let after = maker.state().await?;
    ensure!(before == after, "repeats wrote: {before} is {after}");
    println!("ok   {} repeats wrote nothing and drew nothing: {after}", REPEATS / part);

    let calls = CALLS / part;
    maker.session().batch("TRUNCATE made RESTART IDENTITY").await?;
    let began = Instant::now();
    let created = together(calls)?;
    let rows = maker.value("SELECT count(*) FROM made").await?;
    ensure!(created == calls, "{PROCESSES} processes say that they made {created} rows");
    ensure!(rows == calls.to_string(), "{PROCESSES} processes left {rows} rows");
    println!(
        "ok   {PROCESSES} processes asked for the same {calls} rows in {} ms: each is there once",
        began.elapsed().as_millis()
    );
    Ok(true)
}

/// Every table of a schema, twice.
async fn tables(file: &str) -> Result<bool> {
    let session = connect().await?;
    session.batch("CREATE SCHEMA soak; SET search_path = soak, public").await?;
    session.batch(&std::fs::read_to_string(file)?).await?;
    // A dump empties the search path.
    session.batch("SET search_path = soak, public").await?;
    let maker = Maker::on(session).await?;
    let names: Vec<String> =
        maker.factory.schema().tables.values().map(|table| table.name.to_string()).collect();
    let mut good = true;
    for name in &names {
        let call = Call { table: name.clone(), ..Call::default() };
        let mut wrong = maker.outcome(&call, Manner::Autocommit).await.err();
        let before = maker.value(WRITTEN).await?;
        if wrong.is_none() {
            wrong = match maker.outcome(&call, Manner::Autocommit).await {
                Err(error) => Some(error.context("again")),
                Ok(Outcome::Matched) => None,
                Ok(outcome) => Some(anyhow::anyhow!("again it is {outcome:?}")),
            };
        }
        if maker.value(WRITTEN).await? != before {
            wrong = Some(anyhow::anyhow!("again it wrote"));
        }
        if let Some(error) = wrong {
            good = false;
            println!("FAIL {name}: {error:#}");
        }
    }
    ensure!(!names.is_empty(), "{file} has no table");
    println!("     {} tables, each made twice", names.len());
    Ok(good)
}

/// Processes that want the same rows at the same time; how many they made.
fn together(calls: u32) -> Result<u32> {
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["soak", "factories", "process", &calls.to_string()]);
        processes.push(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?);
    }
    let mut created = 0;
    let mut failed = 0;
    for process in processes {
        let output = process.wait_with_output()?;
        failed += u32::from(!output.status.success());
        created += String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0);
    }
    ensure!(failed == 0, "{failed} of {PROCESSES} processes failed");
    Ok(created)
}

/// One of them: says how many rows it made.
async fn process(calls: u32) -> Result<bool> {
    let maker = Maker::on(connect().await?).await?;
    let mut created = 0;
    for number in 0..calls {
        let outcome = maker.make(number, Manner::Autocommit).await?;
        created += u32::from(outcome == Outcome::Created);
    }
    println!("{created}");
    Ok(true)
}

async fn connect() -> Result<Session> {
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
    Ok(Session::connect(&Target::parse(&url)?, "soak", BOUND).await?)
}

/// A client.
struct Maker {
    factory: Factory,
    runner: Runner<Session>,
}

impl Maker {
    async fn on(session: Session) -> Result<Self> {
        let schema = Arc::new(session.schema().await?);
        let settings = Settings { seed: "soak".to_owned(), locale: Locale::EnUs };
        Ok(Self { factory: Factory::new(schema, settings), runner: Runner::new(session) })
    }

    fn session(&self) -> &Session {
        self.runner.session()
    }

    async fn value(&self, sql: &str) -> Result<String> {
        self.session().value(sql).await?.context("no value")
    }

    /// The row of this number.
    async fn make(&self, number: u32, manner: Manner) -> Result<Outcome> {
        let set = [("email", format!("{number}@x.example")), ("username", format!("u{number}"))];
        let set = set.map(|(name, value)| (name.to_owned(), Argument::Same(Some(value)))).into();
        let call = Call { table: "made".to_owned(), set, ..Call::default() };
        self.outcome(&call, manner).await
    }

    /// What came of the first row that was asked for.
    async fn outcome(&self, call: &Call, manner: Manner) -> Result<Outcome> {
        let compiled = self.factory.compile(call)?;
        let result = compiled.plan.result.clone();
        let mut values = FactoryValues::new(&self.factory, &self.runner);
        match self.runner.run(compiled, manner, &mut values).await? {
            Ran::Done(made) => made
                .iter()
                .find(|made| made.binding == result)
                .and_then(|made| made.outcomes.first().copied())
                .context("no row came back"),
            Ran::Trouble(trouble) => bail!("{}", self.factory.diagnose(&trouble)?.message),
        }
    }

    /// Asks for the first row so often; how long the last quarter of the calls
    /// took, in hundredths of the first one.
    async fn repeat(&self, times: u32, manner: Manner) -> Result<u128> {
        let mut quarters = [Duration::ZERO; 4];
        for quarter in &mut quarters {
            let began = Instant::now();
            for _ in 0..times.div_ceil(4) {
                let outcome = self.make(0, manner).await?;
                ensure!(outcome == Outcome::Matched, "{outcome:?} and not matched");
            }
            *quarter = began.elapsed();
        }
        Ok(quarters[3].as_micros() * 100 / quarters[0].as_micros().max(1))
    }

    /// What a repeat must leave alone: the row's version, and the sequence.
    async fn state(&self) -> Result<String> {
        self.value(
            "SELECT concat_ws(' ', 'version', min(xmin::text), 'of', count(*), 'row, number', \
               (SELECT last_value FROM made_id_seq)) FROM made",
        )
        .await
    }
}
