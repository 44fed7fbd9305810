//! Rows of one call whose generated keys would be the same: as many rows as were
//! asked for, or an error before anything is written.

use seedbed_api::Failure;
use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call, fingerprint};

fn of(count: u32, call: Call) -> Call {
    Call { count: Some(count), ..call }
}

/// So many rows are made, differ, and are found again.
async fn made(maker: &Maker, call: &Call) {
    let rows = maker.make(call).await;
    assert!(rows.outcomes.iter().all(|one| *one == Outcome::Created), "{:?}", rows.outcomes);
    let table = &call.table;
    let count = maker.value(&format!("SELECT count(*) FROM {table}")).await;
    assert_eq!(count, call.count.unwrap().to_string(), "{table}");
    let before = fingerprint(maker).await;
    let again = maker.make(call).await;
    assert!(again.outcomes.iter().all(|one| *one == Outcome::Matched), "{:?}", again.outcomes);
    assert_eq!(again.rows, rows.rows);
    assert_eq!(fingerprint(maker).await, before, "{table}");
}

async fn refused(maker: &Maker, call: &Call) -> Failure {
    let compiled = maker.factory.compile(call).unwrap();
    let mut values = seedbed_db::FactoryValues::new(&maker.factory, &maker.runner);
    maker.runner.run(compiled, Manner::Autocommit, &mut values).await.unwrap_err()
}

#[tokio::test]
async fn rows_that_conditions_would_make_the_same_are_drawn_again() {
    let maker = Maker::new(
        "CREATE TABLE pairs (k text NOT NULL UNIQUE, j int NOT NULL, \
           CHECK (k = 'x' AND j = 1 OR k = 'y' AND j = 2));
         CREATE TABLE parts (region text NOT NULL, y int NOT NULL, v text, \
           PRIMARY KEY (region, y)) PARTITION BY LIST (region);
         CREATE TABLE parts_eu PARTITION OF parts FOR VALUES IN ('eu') PARTITION BY RANGE (y);
         CREATE TABLE parts_eu_1 PARTITION OF parts_eu FOR VALUES FROM (10) TO (20)",
    )
    .await;
    made(&maker, &of(2, call("pairs", &[]))).await;
    made(&maker, &of(4, call("parts", &[]))).await;
    let told = refused(&maker, &of(3, call("pairs", &[]))).await;
    assert!(told.chain().contains("no row of pairs is left"), "{}", told.chain());
    assert_eq!(maker.value("SELECT count(*) FROM pairs").await, "2");
}

#[tokio::test]
async fn a_parent_that_few_rows_can_share_is_not_shared_by_more() {
    let maker = Maker::new(
        "CREATE TABLE kinds (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
         CREATE TABLE sides (is_left boolean NOT NULL, kind int NOT NULL REFERENCES kinds, \
           PRIMARY KEY (is_left, kind))",
    )
    .await;
    let told = refused(&maker, &of(6, call("sides", &[]))).await;
    assert!(told.chain().contains("only 2 rows"), "{}", told.chain());
    assert_eq!(maker.value("SELECT count(*) FROM sides").await, "0");
    made(&maker, &of(2, call("sides", &[]))).await;
}

#[tokio::test]
async fn a_composite_reference_that_is_unique_is_to_a_row_of_its_own() {
    let maker = Maker::new(
        "CREATE TABLE crates (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
         CREATE TABLE versions (id serial PRIMARY KEY, crate_id int NOT NULL REFERENCES crates, \
           num text NOT NULL, UNIQUE (crate_id, num), UNIQUE (id, crate_id));
         CREATE TABLE defaults (crate_id int PRIMARY KEY REFERENCES crates, \
           version_id int NOT NULL UNIQUE, \
           FOREIGN KEY (version_id, crate_id) REFERENCES versions (id, crate_id));
         CREATE TABLE lone (crate_id int PRIMARY KEY, version_id int NOT NULL UNIQUE, \
           FOREIGN KEY (version_id, crate_id) REFERENCES versions (id, crate_id))",
    )
    .await;
    for table in ["defaults", "lone"] {
        made(&maker, &of(3, call(table, &[]))).await;
    }
    // The version's crate is the row's.
    let crates = "SELECT string_agg(d.crate_id || ' ' || v.crate_id, ',' ORDER BY d.crate_id) \
                  FROM defaults d JOIN versions v ON v.id = d.version_id";
    assert_eq!(maker.value(crates).await, "1 1,2 2,3 3");
}

#[tokio::test]
async fn rows_that_must_not_overlap_do_not_where_the_rest_is_passed() {
    let maker = Maker::new(
        "CREATE EXTENSION btree_gist;
         CREATE TABLE stays (id serial PRIMARY KEY, room int NOT NULL, since date NOT NULL, \
           until date NOT NULL, CHECK (until > since), \
           EXCLUDE USING gist (room WITH =, daterange(since, until) WITH &&))",
    )
    .await;
    for room in ["1", "2"] {
        let call = Call { count: Some(8), ..call("stays", &[("room", room)]) };
        assert_eq!(maker.make(&call).await.outcomes, [Outcome::Created; 8]);
        assert_eq!(maker.make(&call).await.outcomes, [Outcome::Matched; 8]);
    }
}

/// Two values tell two rows apart; more are made by asking for new ones.
#[tokio::test]
async fn rows_that_nothing_tells_apart_are_made_anew() {
    let maker =
        Maker::new("CREATE TABLE flags (id serial PRIMARY KEY, done boolean NOT NULL)").await;
    let two = of(2, call("flags", &[]));
    assert_eq!(maker.make(&two).await.outcomes, [Outcome::Created; 2]);
    let three = of(3, call("flags", &[]));
    let told = refused(&maker, &three).await;
    assert!(
        told.chain().contains("done tells rows apart and can hold 2 values"),
        "{}",
        told.chain()
    );
    assert!(told.hints().iter().any(|hint| hint.contains("--fresh -n 3")), "{:?}", told.hints());
    let fresh = Call { fresh: true, ..three };
    for _ in 0..2 {
        assert_eq!(maker.make(&fresh).await.outcomes, [Outcome::Created; 3]);
    }
    assert_eq!(maker.value("SELECT count(*) FROM flags").await, "8");
}
