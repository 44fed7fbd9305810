//! The caller's transaction stays usable when a look-up is refused; one that
//! cannot be costs no savepoint.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each};

/// The first words of the statements since the last time.
fn sent(maker: &Maker) -> Vec<String> {
    let first = |sql: String| sql.split(' ').next().unwrap_or_default().to_owned();
    maker.runner.log().into_iter().map(first).collect()
}

/// What is told of a call twice in one transaction, which is then still usable.
async fn told_twice(maker: &Maker, call: &Call) -> String {
    maker.batch("BEGIN; CREATE TABLE mine (id int)").await;
    let mut said = String::new();
    for _ in 0..2 {
        let told = maker.told(call, Manner::InTransaction).await;
        said = format!("{told:?}");
        maker.batch("INSERT INTO mine VALUES (1)").await;
    }
    assert_eq!(maker.value("SELECT count(*) FROM mine").await, "2");
    maker.batch("ROLLBACK").await;
    said
}

#[tokio::test]
async fn a_key_that_cannot_be_computed_leaves_the_transaction_usable() {
    let maker = Maker::new(
        "CREATE TABLE ex (id serial PRIMARY KEY, code text NOT NULL);
         CREATE UNIQUE INDEX ON ex ((code::int));
         CREATE TABLE part (id serial PRIMARY KEY, code text NOT NULL, name text NOT NULL);
         CREATE UNIQUE INDEX ON part (name) WHERE code::int > 3;
         CREATE TABLE child (id serial PRIMARY KEY, slug text NOT NULL, \
           ex int NOT NULL REFERENCES ex, UNIQUE (ex, slug))",
    )
    .await;
    let _ = told_twice(&maker, &call("ex", &[("code", "abc")])).await;
    let mut many = Call { count: Some(2), ..call("ex", &[]) };
    many.set.insert("code".to_owned(), each(&["1", "abc"]));
    let _ = told_twice(&maker, &many).await;
    let _ = told_twice(&maker, &call("part", &[("code", "abc"), ("name", "n")])).await;
    let fine = call("ex", &[("code", "7")]);
    assert_eq!(maker.make(&fine).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&fine).await.outcome(), Outcome::Matched);
}

#[tokio::test]
async fn a_policy_that_raises_leaves_the_transaction_usable() {
    let role = crate::ground::unique("tenant");
    let maker = Maker::new(&format!(
        "CREATE ROLE {role};
         CREATE TABLE notes (id serial PRIMARY KEY, slug text NOT NULL UNIQUE, \
           tenant_id int NOT NULL DEFAULT 1);
         CREATE TABLE lines (id serial PRIMARY KEY, slug text NOT NULL, \
           note int NOT NULL REFERENCES notes, UNIQUE (note, slug));
         INSERT INTO notes (slug) VALUES ('a');
         GRANT ALL ON notes, lines, notes_id_seq, lines_id_seq TO {role};
         ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
         CREATE POLICY own ON notes USING (tenant_id = current_setting('app.tenant')::int)"
    ))
    .await;
    // A policy that the planner can fold to an error needs no row for it.
    maker.batch(&format!("GRANT CREATE ON SCHEMA public TO {role}; SET ROLE {role}")).await;
    for call in [call("notes", &[("slug", "a")]), call("lines", &[("slug", "a")])] {
        let said = told_twice(&maker, &call).await;
        assert!(said.contains("SET app.tenant = '…'"), "{said}");
    }
    maker.batch("SET app.tenant = '1'").await;
    assert_eq!(maker.make(&call("notes", &[("slug", "a")])).await.outcome(), Outcome::Matched);
    maker.batch(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

#[tokio::test]
async fn a_look_up_that_compares_plain_columns_has_no_savepoint() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, age int);
         CREATE TABLE folded (id serial PRIMARY KEY, email text NOT NULL, gone_at date);
         CREATE UNIQUE INDEX ON folded (lower(email)) WHERE gone_at IS NULL;
         CREATE TABLE owned (id serial PRIMARY KEY, slug text NOT NULL UNIQUE, \
           cast_ int NOT NULL);
         CREATE TABLE cast_ (id serial PRIMARY KEY, code text NOT NULL);
         CREATE UNIQUE INDEX ON cast_ ((code::int));
         ALTER TABLE owned ADD FOREIGN KEY (cast_) REFERENCES cast_",
    )
    .await;
    const GUARDED: [&str; 3] = ["SAVEPOINT", "SELECT", "RELEASE"];
    for (table, set, expected) in [
        ("users", vec![("email", "A")], &GUARDED[1..2]),
        ("users", vec![("email", "B"), ("age", "4")], &GUARDED[..]),
        ("folded", vec![("email", "A")], &GUARDED[1..2]),
        ("cast_", vec![("code", "1")], &GUARDED[..]),
        // Its parent is not asked for.
        ("owned", vec![("slug", "a")], &GUARDED[1..2]),
    ] {
        let call = call(table, &set);
        maker.make(&call).await;
        maker.batch("BEGIN").await;
        let _ = sent(&maker);
        let made = maker.make_in(&call, Manner::InTransaction).await;
        assert_eq!(made[0].outcomes, [Outcome::Matched]);
        assert_eq!(sent(&maker), expected, "{table}");
        maker.batch("COMMIT").await;
    }
}
