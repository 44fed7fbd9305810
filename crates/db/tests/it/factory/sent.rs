//! What a call sends: a row that is there costs its look-up, a row that is
//! missing among parents that are there its look-up and its insert.

use seedbed_api::plan::Outcome;
use seedbed_factory::Manner;

use super::ground::{Maker, call};

const SCHEMA: &str = "CREATE TABLE orgs (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
    CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
        org int NOT NULL REFERENCES orgs)";

/// The first words of the statements since the last time.
fn sent(maker: &Maker) -> Vec<String> {
    let first = |sql: String| sql.split(' ').next().unwrap_or_default().to_owned();
    maker.runner.log().into_iter().map(first).collect()
}

#[tokio::test]
async fn a_row_that_is_there_is_looked_up_and_nothing_else() {
    let maker = Maker::new(SCHEMA).await;
    let user = call("users", &[("email", "a@x.test")]);
    maker.make(&user).await;
    let _ = sent(&maker);
    assert_eq!(maker.make(&user).await.outcome(), Outcome::Matched);
    assert_eq!(sent(&maker), ["SELECT"]);
}

#[tokio::test]
async fn a_row_among_parents_that_are_there_is_made_in_one_statement() {
    let maker = Maker::new(SCHEMA).await;
    let user = |email| call("users", &[("email", email)]);
    maker.make(&user("a@x.test")).await;
    // The organisation was missing: both rows or none.
    let first = sent(&maker);
    assert!(
        first.contains(&"BEGIN".to_owned()) && first.contains(&"COMMIT".to_owned()),
        "{first:?}"
    );

    assert_eq!(maker.make(&user("b@x.test")).await.outcome(), Outcome::Created);
    assert_eq!(sent(&maker), ["SELECT", "INSERT"]);
    maker.batch("BEGIN").await;
    maker.make_in(&user("c@x.test"), Manner::InTransaction).await;
    maker.batch("COMMIT").await;
    assert_eq!(sent(&maker), ["SELECT", "SAVEPOINT", "INSERT", "RELEASE"]);
    let rows = "SELECT count(*) || ' of ' || count(DISTINCT org) FROM users";
    assert_eq!(maker.value(rows).await, "3 of 1");
}

#[tokio::test]
async fn triggers_take_the_long_way() {
    let maker = Maker::new(&format!(
        "{SCHEMA};
         CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER seen BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION seen()"
    ))
    .await;
    for email in ["a@x.test", "b@x.test"] {
        let _ = sent(&maker);
        maker.make(&call("users", &[("email", email)])).await;
    }
    // What a trigger did for a row that it suppressed must not stay behind.
    assert!(sent(&maker).contains(&"BEGIN".to_owned()));
}
