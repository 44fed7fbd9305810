//! Every table of a schema can be made without a word of configuration, and is
//! not made again.

use std::collections::BTreeSet;

use seedbed_api::plan::{Call, Made, Outcome};
use seedbed_db::Ran;
use seedbed_factory::Manner;

use super::ground::{Maker, call, fingerprint};

/// What went wrong, by table.
pub(super) async fn twice(maker: &Maker, count: Option<u32>) -> Vec<String> {
    let mut wrong = Vec::new();
    let tables: Vec<(String, bool)> = maker
        .factory
        .schema()
        .tables
        .values()
        .map(|table| (format!("{}.{}", table.name.schema, table.name.name), table.view.is_some()))
        .collect();
    for (table, _) in &tables {
        let call = Call { count, ..call(table, &[]) };
        match once(maker, &call).await {
            Err(why) => {
                wrong.push(format!("{table}: {why}"));
                continue;
            }
            Ok(made) => wrong.extend(alike(&made).into_iter().map(|why| format!("{table}: {why}"))),
        }
        let before = fingerprint(maker).await;
        match once(maker, &call).await {
            Err(why) => wrong.push(format!("{table}, again: {why}")),
            Ok(made) if made.iter().flat_map(|made| &made.outcomes).any(is_written) => {
                wrong.push(format!("{table}, again: {made:?}"));
            }
            Ok(_) => {}
        }
        for (place, print) in fingerprint(maker).await {
            if before.get(&place) != Some(&print) {
                wrong.push(format!("{table}, again, wrote to {place}"));
            }
        }
    }
    wrong
}

fn is_written(outcome: &Outcome) -> bool {
    *outcome != Outcome::Matched
}

/// Rows that were asked for and are the same row.
fn alike(made: &[Made]) -> Option<String> {
    made.iter().find_map(|made| {
        let distinct: BTreeSet<_> = made.rows.iter().collect();
        let (rows, all) = (distinct.len(), made.rows.len());
        (rows < all).then(|| format!("{all} rows of {} are {rows}", made.binding))
    })
}

async fn once(maker: &Maker, call: &Call) -> Result<Vec<Made>, String> {
    let compiled = maker
        .factory
        .compile(call)
        .map_err(|failure| format!("{} {:?}", failure.chain(), failure.hints()))?;
    let mut values = seedbed_db::FactoryValues::new(&maker.factory, &maker.runner);
    match maker.runner.run(compiled, Manner::Autocommit, &mut values).await {
        Ok(Ran::Done(made)) => Ok(made),
        Ok(Ran::Trouble(trouble)) => {
            Err(format!("{:?} at {}", maker.factory.diagnose(&trouble).unwrap(), trouble.step))
        }
        Err(failure) => {
            Err(format!("{} {:?} {:?}", failure.chain(), failure.details(), failure.hints()))
        }
    }
}

#[tokio::test]
async fn every_table_of_a_rich_schema_is_made_once() {
    let maker = Maker::new(include_str!("rich.sql")).await;
    let mut wrong = twice(&maker, None).await;
    // What a view's WHERE asks for must be passed.
    wrong.retain(|line| !line.contains("happy would not show the row"));
    let happy = call("happy", &[("slug", "glad"), ("feeling", "happy")]);
    for _ in 0..2 {
        once(&maker, &happy).await.unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn five_of_every_table_are_made_once() {
    let maker = Maker::new(include_str!("rich.sql")).await;
    let wrong = twice(&maker, Some(5)).await;
    // Two truth values are not five; a table of ids alone has nothing by which
    // its rows could be found again.
    let told = |line: &&String| {
        line.starts_with("public.flags: no row of flags is left")
            || line.contains("nothing tells several rows")
            || line.contains("happy would not show the row")
    };
    let rest: Vec<&String> = wrong.iter().filter(|line| !told(line)).collect();
    assert_eq!(wrong.len() - rest.len(), 4, "{wrong:#?}");
    assert!(rest.is_empty(), "{rest:#?}");
}
