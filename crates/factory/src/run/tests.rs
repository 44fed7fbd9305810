//! The scripts of `conformance/runs`, which prove any interpreter of plans, and
//! the one in Python that client authors start from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use seedbed_api::plan::{Argument, Made, Plan, Trouble, Values, ValuesRequest};
use serde::Deserialize;

use super::{Action, Manner, Refusal, Row, Run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    #[serde(rename = "about")]
    _about: String,
    plan: Plan,
    arguments: BTreeMap<String, Argument>,
    count: u32,
    in_transaction: bool,
    script: Vec<Exchange>,
    result: Outcome,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    expect: Expected,
    #[serde(default)]
    answer: Answer,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Expected {
    Begin,
    Query { sql: String, parameters: Row, savepoint: bool },
    Values(ValuesRequest),
    Commit,
    Rollback,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Answer {
    #[default]
    Nothing,
    Rows(Vec<Row>),
    Values(Values),
    Error(Complaint),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Complaint {
    sqlstate: String,
    message: String,
    constraint: Option<String>,
    table: Option<String>,
    column: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Outcome {
    Made(Vec<Made>),
    Trouble(Box<Trouble>),
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance")
}

fn vectors() -> Vec<(String, Vector)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 18, "only {} scripts of runs", paths.len());
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let vector = serde_json::from_slice(&fs::read(&path).unwrap());
        let vector = vector.unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, vector)
    };
    paths.into_iter().map(read).collect()
}

fn start(vector: &Vector) -> Run {
    let manner = if vector.in_transaction { Manner::InTransaction } else { Manner::Autocommit };
    let plan = Arc::new(vector.plan.clone());
    Run::new(plan, vector.arguments.clone(), vector.count, manner).unwrap()
}

/// What the machine asks for, or how it ended.
fn heard(run: &mut Run) -> Result<Expected, Outcome> {
    Ok(match run.action().unwrap() {
        Action::Begin => Expected::Begin,
        Action::Query { sql, parameters, savepoint, .. } => {
            Expected::Query { sql: sql.to_owned(), parameters, savepoint }
        }
        Action::Values(request) => Expected::Values(request),
        Action::Commit => Expected::Commit,
        Action::Rollback => Expected::Rollback,
        Action::Done(made) => return Err(Outcome::Made(made)),
        Action::Trouble(trouble) => return Err(Outcome::Trouble(trouble)),
    })
}

#[test]
fn the_machine_follows_every_script() {
    for (name, vector) in vectors() {
        let mut run = start(&vector);
        for (place, exchange) in vector.script.into_iter().enumerate() {
            let asked = heard(&mut run);
            assert_eq!(asked, Ok(exchange.expect), "{name}, line {place} of the script");
            // An action is repeated until it is answered.
            assert_eq!(heard(&mut run), asked, "{name}, line {place} of the script");
            match exchange.answer {
                Answer::Nothing => run.answered(Vec::new()).unwrap(),
                Answer::Rows(rows) => run.answered(rows).unwrap(),
                Answer::Values(values) => run.valued(values),
                Answer::Error(error) => {
                    let Complaint { sqlstate, message, constraint, table, column } = error;
                    run.refused(Refusal { sqlstate, message, constraint, table, column }).unwrap();
                }
            }
        }
        assert_eq!(heard(&mut run), Err(vector.result), "{name}, at the end");
    }
}

/// The contract is small: an interpreter of about eighty lines keeps it.
#[test]
fn the_reference_in_python_follows_every_script() {
    let mut python = Command::new("python3");
    python.arg("-B").arg(folder().join("check.py"));
    let output = match python.output() {
        Ok(output) => output,
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
            // No python3 on this machine: the other test still ran the scripts.
            return;
        }
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let reference = fs::read_to_string(folder().join("reference.py")).unwrap();
    let code = reference.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(code <= 140, "the reference has grown to {code} lines");
}

#[test]
fn what_does_not_fit_a_plan_is_an_error() {
    let (_, vector) = vectors().into_iter().find(|(name, _)| name == "hit.json").unwrap();
    let cells = |cells: &[&str]| cells.iter().map(|cell| Some((*cell).to_owned())).collect::<Row>();
    for (rows, part) in [
        (vec![cells(&["0", "t", "1"])], "does not fit"),
        (vec![cells(&["1", "t", "1", "a", "b"])], "nobody asked for"),
        (vec![cells(&["x", "t", "1", "a", "b"])], "nobody asked for"),
        (vec![cells(&["-1", "t", "1", "a", "b"])], "nobody asked for"),
    ] {
        let failure = start(&vector).answered(rows).unwrap_err();
        assert!(failure.chain().contains(part), "{}", failure.chain());
    }
    let mut plan = vector.plan.clone();
    plan.plan += 1;
    let failure = Run::new(Arc::new(plan), BTreeMap::new(), 1, Manner::Autocommit).unwrap_err();
    assert!(failure.to_string().contains("version 2"), "{failure}");
    let plan = Arc::new(vector.plan);
    let mut run = Run::new(plan, BTreeMap::new(), 1, Manner::Autocommit).unwrap();
    assert!(run.action().unwrap_err().chain().contains("no argument email"));
}

#[test]
fn too_many_rows_and_too_few_values_are_named() {
    let (_, vector) = vectors().into_iter().find(|(name, _)| name == "batch.json").unwrap();
    let mut plan = vector.plan.clone();
    plan.bindings[0].rows = seedbed_api::plan::Rows::Times(3);
    let arguments = vector.arguments.clone();
    let many = Run::new(Arc::new(plan), arguments.clone(), u32::MAX / 2, Manner::Autocommit);
    assert!(many.unwrap_err().to_string().contains("too many for one call"));
    let mut run = Run::new(Arc::new(vector.plan), arguments, 5, Manner::Autocommit).unwrap();
    let failure = run.action().unwrap_err();
    assert!(failure.hints()[0].contains("email"), "{}", failure.chain());
}

/// 50,000 rows take as long as 50,000 single ones, not as their square: with a
/// pass per row this would run for minutes.
#[test]
fn large_bindings_stay_linear() {
    const COUNT: u32 = 50_000;
    let (_, vector) = vectors().into_iter().find(|(name, _)| name == "batch.json").unwrap();
    let emails = (0..COUNT).map(|row| Some(format!("u{row}@example.com"))).collect();
    let arguments = BTreeMap::from([("email".to_owned(), Argument::Each(emails))]);
    let mut run = Run::new(Arc::new(vector.plan), arguments, COUNT, Manner::Autocommit).unwrap();
    let row = |ordinal: u32| {
        let email = format!("u{ordinal}@example.com");
        vec![
            Some(ordinal.to_string()),
            Some("t".to_owned()),
            Some(ordinal.to_string()),
            Some(email),
            Some("a".to_owned()),
        ]
    };
    assert!(matches!(run.action().unwrap(), Action::Query { .. }));
    run.answered((0..COUNT).filter(|row| row % 2 == 0).map(row).collect()).unwrap();
    let Action::Values(request) = run.action().unwrap() else { panic!("values are needed") };
    assert_eq!(request.missing["users"].len(), 25_000);
    let names = vec![Some("a".to_owned()); COUNT as usize];
    let columns = BTreeMap::from([("name".to_owned(), names)]);
    run.valued(Values(BTreeMap::from([("users".to_owned(), columns)])));
    assert!(matches!(run.action().unwrap(), Action::Query { .. }));
    run.answered((0..COUNT).filter(|row| row % 2 == 1).map(row).collect()).unwrap();
    let Action::Done(made) = run.action().unwrap() else { panic!("all rows are there") };
    assert_eq!(made[0].rows.len(), COUNT as usize);
}
