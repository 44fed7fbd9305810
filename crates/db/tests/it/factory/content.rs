//! Rows that no key identifies, found by comparing.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call};

#[tokio::test]
async fn many_rows_without_a_key_are_found_by_few_scans() {
    let maker = Maker::new(
        "CREATE TABLE kinds (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
         CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL, n int NOT NULL, \
           kind int NOT NULL REFERENCES kinds)",
    )
    .await;
    let call = Call { count: Some(300), ..call("notes", &[("n", "1")]) };
    maker.make(&call).await;
    // An open transaction has numbers of its own, which no collector delays.
    maker.batch("BEGIN").await;
    let made = maker.make_in(&call, Manner::InTransaction).await;
    let notes = made.iter().find(|made| made.binding == "notes").unwrap();
    assert_eq!(notes.outcomes, [Outcome::Matched; 300]);
    let scans = "SELECT pg_stat_get_xact_numscans('notes'::regclass) + \
                 pg_stat_get_xact_numscans('notes_pkey'::regclass)";
    let scans: u64 = maker.value(scans).await.parse().unwrap();
    assert!(scans <= 5, "{scans} scans for 300 rows");
    maker.batch("COMMIT").await;
}
