//! Partial keys: a row outside of the predicate has no such key.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each, fingerprint};

const ADDRESSES: &str =
    "CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
    CREATE TYPE state AS ENUM ('open', 'closed');
    CREATE TABLE addresses (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers, \
      kind text NOT NULL, city text NOT NULL, is_default boolean NOT NULL DEFAULT false);
    CREATE UNIQUE INDEX one_default ON addresses (customer, kind) WHERE is_default;
    CREATE TABLE carts (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers, \
      state state NOT NULL DEFAULT 'open');
    CREATE UNIQUE INDEX one_open ON carts (customer) WHERE state = 'open';
    CREATE TABLE orders (id serial PRIMARY KEY, number text NOT NULL UNIQUE, \
      ship_to int NOT NULL REFERENCES addresses)";

#[tokio::test]
async fn a_row_that_its_default_puts_outside_is_found_by_content() {
    let maker = Maker::new(ADDRESSES).await;
    let plain = [
        call("addresses", &[]),
        call("addresses", &[("city", "Ulm")]),
        call("addresses", &[("city", "Ulm"), ("is_default", "no")]),
        call("carts", &[("state", "closed")]),
        call("orders", &[]),
        Call { count: Some(3), ..call("addresses", &[]) },
    ];
    for call in &plain {
        maker.make(call).await;
        let before = fingerprint(&maker).await;
        let again = maker.make(call).await;
        assert!(again.outcomes.iter().all(|outcome| *outcome == Outcome::Matched), "{call:?}");
        assert_eq!(fingerprint(&maker).await, before, "{call:?}");
    }
    let told = maker.factory.explain(&plain[0]).unwrap();
    assert_eq!(told.index, None);
    let lost = told.lost.iter().find(|lost| lost.index == "one_default").unwrap();
    assert!(lost.why.contains("outside its predicate `is_default`"), "{lost:?}");
    assert!(lost.why.contains("is_default is false by default"), "{lost:?}");
}

#[tokio::test]
async fn a_row_that_is_passed_inside_has_the_key() {
    let maker = Maker::new(ADDRESSES).await;
    let inside = call("addresses", &[("is_default", "true"), ("kind", "home"), ("city", "Ulm")]);
    let told = maker.factory.explain(&inside).unwrap();
    assert_eq!(told.index.as_deref(), Some("one_default"), "{}", told.why);
    assert_eq!(maker.make(&inside).await.outcome(), Outcome::Created);
    let moved = call("addresses", &[("is_default", "true"), ("kind", "home"), ("city", "Bonn")]);
    let made = maker.make(&moved).await;
    assert_eq!((made.outcome(), made.get(0, "id")), (Outcome::Updated, Some("1")));
    // The same shape but for its value, and yet another way to be found.
    let outside = call("addresses", &[("is_default", "false"), ("city", "Bonn")]);
    assert_eq!(maker.factory.explain(&outside).unwrap().index, None);
    assert_eq!(maker.make(&outside).await.get(0, "id"), Some("2"));
    // By its default.
    let cart = maker.factory.explain(&call("carts", &[])).unwrap();
    assert_eq!(cart.index.as_deref(), Some("one_open"));
    let named = Call { key: vec!["customer".to_owned(), "kind".to_owned()], ..outside };
    let refused = maker.refused(&named);
    assert!(refused.contains("outside its predicate"), "{refused}");
}

#[tokio::test]
async fn rows_of_which_some_are_outside_are_refused_or_made_as_they_are() {
    let maker = Maker::new(ADDRESSES).await;
    maker.make(&Call { count: Some(2), ..call("customers", &[]) }).await;
    let mut closed = Call { count: Some(2), ..call("carts", &[("state", "closed")]) };
    closed.set.insert("customer".to_owned(), each(&["1", "2"]));
    assert_eq!(maker.make(&closed).await.outcomes, [Outcome::Created; 2]);
    assert_eq!(maker.make(&closed).await.outcomes, [Outcome::Matched; 2]);
    closed.set.insert("customer".to_owned(), each(&["1", "1"]));
    assert!(maker.refused(&closed).contains("are alike"));
    let mut mixed = Call { count: Some(2), ..call("carts", &[]) };
    mixed.set.insert("state".to_owned(), each(&["open", "closed"]));
    let told = maker.told(&mixed, Manner::Autocommit).await;
    assert!(told.message.contains("outside the predicate"), "{told:?}");
}

/// The function hides from us what the predicate says.
const HIDDEN: &str = "CREATE FUNCTION is_live(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql \
      AS $$ BEGIN RETURN $1 IN ('on', 'new'); END $$;
    CREATE TABLE soft (id serial PRIMARY KEY, email text NOT NULL, \
      status text NOT NULL DEFAULT 'on', v int);
    CREATE UNIQUE INDEX live ON soft (email) WHERE is_live(status)";

#[tokio::test]
async fn an_update_never_moves_a_row_out_of_its_own_key() {
    let maker = Maker::new(HIDDEN).await;
    assert_eq!(maker.make(&call("soft", &[("email", "s")])).await.outcome(), Outcome::Created);
    // Within the predicate it is the same row.
    let renewed = call("soft", &[("email", "s"), ("status", "new"), ("v", "2")]);
    assert_eq!(maker.make(&renewed).await.outcome(), Outcome::Updated);
    let before = fingerprint(&maker).await;
    let off = call("soft", &[("email", "s"), ("status", "off")]);
    for _ in 0..2 {
        let told = maker.told(&off, Manner::Autocommit).await;
        assert!(told.message.contains("outside the predicate"), "{told:?}");
    }
    assert_eq!(fingerprint(&maker).await, before);
    let mut some = Call { count: Some(2), ..call("soft", &[]) };
    some.set.insert("email".to_owned(), each(&["s", "t"]));
    some.set.insert("status".to_owned(), each(&["off", "on"]));
    maker.batch("BEGIN").await;
    maker.told(&some, Manner::InTransaction).await;
    maker.batch("ROLLBACK").await;
    let row = maker.value("SELECT string_agg(concat(email, status, v), ',') FROM soft").await;
    assert_eq!(row, "snew2");
}

#[tokio::test]
async fn what_is_passed_outside_is_another_row() {
    let maker = Maker::new(
        "CREATE TABLE soft (id serial PRIMARY KEY, email text NOT NULL, \
           status text NOT NULL DEFAULT 'on', v int);
         CREATE UNIQUE INDEX live ON soft (email) WHERE status = 'on'",
    )
    .await;
    maker.make(&call("soft", &[("email", "s")])).await;
    let off = call("soft", &[("email", "s"), ("status", "off")]);
    assert_eq!(maker.make(&off).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&off).await.outcome(), Outcome::Matched);
    let rows = maker.value("SELECT string_agg(status, ',' ORDER BY id) FROM soft").await;
    assert_eq!(rows, "on,off");
}

#[tokio::test]
async fn a_row_without_its_partial_key_is_told_by_explain_and_refused_by_name() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, deleted_at timestamptz);
         CREATE UNIQUE INDEX live ON users (email) WHERE deleted_at IS NULL",
    )
    .await;
    let live = call("users", &[("email", "a@x.test")]);
    let gone = call("users", &[("email", "a@x.test"), ("deleted_at", "2024-01-01")]);
    assert_eq!(maker.factory.explain(&live).unwrap().index.as_deref(), Some("live"));
    let told = maker.factory.explain(&gone).unwrap();
    assert_eq!(told.index, None);
    assert!(told.lost.iter().any(|lost| lost.why.contains("outside its predicate")), "{told:?}");
    for outcome in [Outcome::Created, Outcome::Matched] {
        assert_eq!(maker.make(&live).await.outcome(), outcome);
        assert_eq!(maker.make(&gone).await.outcome(), outcome);
    }
    let named = Call { key: vec!["email".to_owned()], ..gone };
    assert!(maker.refused(&named).contains("outside its predicate"));
}
