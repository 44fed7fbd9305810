//! An update changes the row that was asked for and no other, also where no
//! primary key says which one that is.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each, fingerprint};

/// All rows, in the order in which they were inserted.
const ROWS: &str = "SELECT string_agg(p::text, ' ' ORDER BY n) FROM p";

/// A schema without a primary key whose unique key is partial, rows inside and
/// outside of its predicate, and what they are once the row of `k=a` has `v=2`.
const PARTIAL: [(&str, &str, &str, &str); 4] = [
    (
        "active boolean NOT NULL DEFAULT true",
        "p (k) WHERE active",
        "('a', 7, 1, false), ('a', 7, 2, false), ('a', 1, 3, true)",
        "(a,7,1,f) (a,7,2,f) (a,2,3,t)",
    ),
    (
        "y text DEFAULT 'here'",
        "p (k) WHERE y IS NOT NULL",
        "('a', 7, 1, NULL), ('a', 7, 2, NULL), ('a', 1, 3, 'here')",
        "(a,7,1,) (a,7,2,) (a,2,3,here)",
    ),
    (
        "y text",
        "p (k) WHERE y IS NULL",
        "('a', 7, 1, 'gone'), ('a', 7, 2, 'gone'), ('a', 1, 3, NULL)",
        "(a,7,1,gone) (a,7,2,gone) (a,2,3,)",
    ),
    (
        "active boolean NOT NULL DEFAULT true",
        "p (lower(k)) WHERE active",
        "('A', 7, 1, false), ('a', 7, 2, false), ('a', 1, 3, true)",
        "(A,7,1,f) (a,7,2,f) (a,2,3,t)",
    ),
];

#[tokio::test]
async fn rows_outside_the_predicate_of_a_key_are_left_alone() {
    for (column, key, rows, after) in PARTIAL {
        let maker = Maker::new(&format!(
            "CREATE TABLE p (k text NOT NULL, v int, n int, {column});
             CREATE UNIQUE INDEX ON {key};
             INSERT INTO p VALUES {rows}"
        ))
        .await;
        let one = call("p", &[("k", "a"), ("v", "2")]);
        assert_eq!(maker.make(&one).await.outcome(), Outcome::Updated, "{key}");
        assert_eq!(maker.value(ROWS).await, after, "{key}");
        let before = fingerprint(&maker).await;
        assert_eq!(maker.make(&one).await.outcome(), Outcome::Matched, "{key}");
        assert_eq!(fingerprint(&maker).await, before, "{key}");
    }
}

#[tokio::test]
async fn rows_outside_the_predicate_are_left_alone_by_many() {
    for (column, key, rows, after) in PARTIAL {
        let maker = Maker::new(&format!(
            "CREATE TABLE p (k text NOT NULL, v int, n int, {column});
             CREATE UNIQUE INDEX ON {key};
             INSERT INTO p VALUES {rows}"
        ))
        .await;
        let mut two = Call { count: Some(2), ..call("p", &[("n", "3")]) };
        two.set.insert("k".to_owned(), each(&["a", "b"]));
        two.set.insert("v".to_owned(), each(&["2", "5"]));
        let made = maker.make(&two).await;
        assert_eq!(made.outcomes, [Outcome::Updated, Outcome::Created], "{key}");
        let rows = maker.value(&ROWS.replace("FROM p", "FROM p WHERE k <> 'b'")).await;
        assert_eq!(rows, after, "{key}");
        assert_eq!(maker.make(&two).await.outcomes, [Outcome::Matched; 2], "{key}");
    }
}

/// What the call finds is its own row or an error that leaves nothing.
#[tokio::test]
async fn a_column_of_the_predicate_that_is_passed_finds_its_own_row() {
    let maker = Maker::new(
        "CREATE TABLE p (k text NOT NULL, v int, n int, active boolean NOT NULL DEFAULT true);
         CREATE UNIQUE INDEX ON p (k) WHERE active;
         INSERT INTO p VALUES ('a', 7, 1, false), ('a', 7, 2, false), ('a', 1, 3, true)",
    )
    .await;
    let inside = call("p", &[("k", "a"), ("active", "true"), ("v", "2")]);
    assert_eq!(maker.make(&inside).await.outcome(), Outcome::Updated);
    assert_eq!(maker.value(ROWS).await, "(a,7,1,f) (a,7,2,f) (a,2,3,t)");
    // By content: no key says which of two it is, and none is changed.
    let outside = call("p", &[("k", "a"), ("active", "false"), ("v", "7")]);
    assert_eq!(maker.make(&outside).await.outcome(), Outcome::Matched);
    assert_eq!(maker.value(ROWS).await, "(a,7,1,f) (a,7,2,f) (a,2,3,t)");
    // In the caller's transaction as well.
    maker.batch("BEGIN").await;
    let made = maker.make_in(&call("p", &[("k", "a"), ("v", "4")]), Manner::InTransaction).await;
    assert_eq!(made[0].outcomes, [Outcome::Updated]);
    maker.batch("COMMIT").await;
    assert_eq!(maker.value(ROWS).await, "(a,7,1,f) (a,7,2,f) (a,4,3,t)");
}

#[tokio::test]
async fn rows_of_tables_that_inherit_are_not_its_own() {
    let maker = Maker::new(
        "CREATE TABLE inh (n int NOT NULL UNIQUE, v int);
         CREATE TABLE inhc (extra int) INHERITS (inh);
         CREATE TABLE loose (a text NOT NULL);
         CREATE TABLE heir () INHERITS (loose);
         CREATE TABLE refers (id serial PRIMARY KEY, n int NOT NULL UNIQUE REFERENCES inh (n));
         INSERT INTO inhc VALUES (1, 5, 0), (2, 5, 0);
         INSERT INTO heir VALUES ('x')",
    )
    .await;
    let calls = [
        call("inh", &[("n", "1"), ("v", "5")]),
        call("loose", &[("a", "x")]),
        call("refers", &[("n", "1")]),
    ];
    for call in &calls {
        assert_eq!(maker.make(call).await.outcome(), Outcome::Created, "{call:?}");
        assert_eq!(maker.make(call).await.outcome(), Outcome::Matched, "{call:?}");
    }
    let changed = call("inh", &[("n", "1"), ("v", "6")]);
    assert_eq!(maker.make(&changed).await.outcome(), Outcome::Updated);
    let mut many = Call { count: Some(2), ..call("inh", &[("v", "7")]) };
    many.set.insert("n".to_owned(), each(&["1", "2"]));
    assert_eq!(maker.make(&many).await.outcomes, [Outcome::Updated, Outcome::Created]);
    let heirs = "SELECT string_agg(v::text, ' ') FROM inhc";
    assert_eq!(maker.value(heirs).await, "5 5");
    for fresh in [Call { fresh: true, ..call("inh", &[]) }, call("inhc", &[("n", "2")])] {
        maker.make(&fresh).await;
    }
    assert_eq!(
        maker.value("SELECT count(*) || ' ' || count(DISTINCT n) FROM ONLY inh").await,
        "3 3"
    );
}
