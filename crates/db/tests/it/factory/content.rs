//! Rows that no key identifies, found by comparing.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each};

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

/// What tells rows apart is what was passed, not how it was written.
#[tokio::test]
async fn spellings_of_one_value_are_one_row() {
    let columns = ["i int", "b bool", "n numeric", "at timestamptz", "day date", "said jsonb"];
    let table = |column: &str| {
        let (name, _) = column.split_once(' ').unwrap();
        format!("CREATE TABLE bare_{name} (id serial PRIMARY KEY, {column} NOT NULL);")
    };
    let tables: String = columns.into_iter().chain(["name text"]).map(table).collect();
    let maker = Maker::new(&tables).await;
    let cases = [
        ("i", ["1", " 01"], "2", true),
        ("b", ["t", "true"], "f", true),
        ("n", ["1.0", "1.00"], "1.01", false),
        ("at", ["2020-01-01T00:00:00Z", "2020-01-01 01:00:00+01"], "2020-01-01 01:00:00Z", false),
        ("day", ["2020-01-02", "Jan 2 2020"], "2020-01-03", false),
        ("said", [r#"{"a": 1, "b": 2}"#, r#"{"b":2,"a":1}"#], "{}", false),
    ];
    for (column, [one, other], third, at_once) in cases {
        let table = format!("bare_{column}");
        let two = |values: &[&str]| {
            let mut call = Call { count: Some(2), ..call(&table, &[]) };
            call.set.insert(column.to_owned(), each(values));
            call
        };
        // In one call nothing tells them apart.
        let hint = format!("seedbed make {table} {column}=… {column}=…");
        if at_once {
            let refused = maker.refused(&two(&[one, other]));
            assert!(refused.contains("are alike") && refused.contains(&hint), "{refused}");
        } else {
            let told = maker.told(&two(&[one, other]), Manner::Autocommit).await;
            assert!(told.message.contains("are alike"), "{column}: {told:?}");
            assert!(told.hints.contains(&hint), "{told:?}");
        }
        // In calls one after the other they are one row.
        assert_eq!(maker.make(&call(&table, &[(column, one)])).await.outcome(), Outcome::Created);
        let again = maker.make(&call(&table, &[(column, other)])).await;
        assert_eq!(again.outcome(), Outcome::Matched, "{column}");
        let made = maker.make(&two(&[other, third])).await;
        assert_eq!(made.outcomes, [Outcome::Matched, Outcome::Created], "{column}");
    }
    // Texts are as they are.
    let mut texts = Call { count: Some(2), ..call("bare_name", &[]) };
    texts.set.insert("name".to_owned(), each(&["e\u{301}", "\u{e9}"]));
    assert_eq!(maker.make(&texts).await.outcomes, [Outcome::Created; 2]);
}
