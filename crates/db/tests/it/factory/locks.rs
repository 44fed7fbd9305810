//! Rows that no unique key guards, wanted by two sessions at once.

use seedbed_api::plan::Outcome;
use seedbed_factory::Manner;

use super::ground::{Maker, call};

#[tokio::test]
async fn another_spelling_of_a_value_waits_for_the_same_lock() {
    let maker = Maker::new(
        "CREATE TABLE bare (id serial PRIMARY KEY, v int, at timestamptz, n numeric, d interval, \
         day date, j jsonb, c char(9), b boolean)",
    )
    .await;
    let spellings = [
        ("v", "1", "0001"),
        ("at", "2024-01-01 00:00+00", "2024-01-01 02:00+02"),
        ("n", "1.5", "1.500"),
        ("d", "1 day", "24 hours"),
        ("day", "infinity", " infinity "),
        ("day", "2024-01-01", "1 January 2024"),
        ("j", r#"{"a":1,"b":2}"#, r#"{"b": 2, "a": 1.0}"#),
        ("c", "x", "x  "),
        ("b", "t", "yes"),
    ];
    for (column, one, other) in spellings {
        let beside = maker.beside().await;
        beside.batch("SET lock_timeout = '200ms'").await;
        maker.batch("BEGIN").await;
        let first = call("bare", &[(column, one)]);
        maker.make_in(&first, Manner::InTransaction).await;
        let second = call("bare", &[(column, other)]);
        let told = beside.told(&second, Manner::Autocommit).await;
        assert!(told.message.contains("waited for"), "{column}: {told:?}");
        maker.batch("COMMIT").await;
        assert_eq!(beside.make(&second).await.outcome(), Outcome::Matched, "{column}");
    }
    assert_eq!(maker.value("SELECT count(*) FROM bare").await, "9");
}

#[tokio::test]
async fn a_wait_that_is_cut_short_leaves_the_transaction_usable() {
    let maker = Maker::new("CREATE TABLE bare (id serial PRIMARY KEY, v int)").await;
    let wanted = call("bare", &[("v", "1")]);
    let beside = maker.beside().await;
    beside.batch("SET lock_timeout = '200ms'; BEGIN").await;
    // The first use of a statement is under a savepoint anyway.
    beside.make_in(&call("bare", &[("v", "2")]), Manner::InTransaction).await;
    maker.batch("BEGIN").await;
    maker.make_in(&wanted, Manner::InTransaction).await;
    let told = beside.told(&wanted, Manner::InTransaction).await;
    assert!(told.message.contains("waited for"), "{told:?}");
    assert_eq!(beside.value("SELECT count(*) FROM bare").await, "1");
    maker.batch("ROLLBACK").await;
    let made = beside.make_in(&wanted, Manner::InTransaction).await;
    assert_eq!(made[0].outcomes, [Outcome::Created]);
    beside.batch("COMMIT").await;
    assert_eq!(maker.value("SELECT count(*) FROM bare").await, "2");
}
