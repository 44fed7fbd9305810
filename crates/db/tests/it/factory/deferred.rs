//! Keys that are checked at the end of a transaction.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each};

const CODES: &str = "CREATE TABLE codes (id serial PRIMARY KEY, \
    code text NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED, n int NOT NULL);
    CREATE TABLE uses (id serial PRIMARY KEY, name text NOT NULL UNIQUE, \
      code int NOT NULL REFERENCES codes)";

#[tokio::test]
async fn ten_transactions_make_one_row_of_a_deferred_key() {
    let maker = Maker::new(CODES).await;
    let mut running = Vec::new();
    for session in 0..10 {
        let maker = maker.beside().await;
        running.push(tokio::spawn(async move {
            for number in 0..10 {
                let one = call("codes", &[("code", &format!("c{number}"))]);
                maker.batch("BEGIN").await;
                maker.make_in(&one, Manner::InTransaction).await;
                maker.batch("COMMIT").await;
                let mut many = Call { count: Some(2), ..call("codes", &[]) };
                let names = [format!("a{number}"), format!("b{number}")];
                many.set.insert("code".to_owned(), each(&[&names[0], &names[1]]));
                maker.make(&many).await;
                // As a parent that nobody asked for.
                let name = format!("{session} {number}");
                maker.make(&call("uses", &[("name", &name)])).await;
            }
        }));
    }
    for one in running {
        one.await.unwrap();
    }
    assert_eq!(maker.value("SELECT count(*) FROM codes").await, "31");
    assert_eq!(maker.value("SELECT count(*) FROM uses").await, "100");
}

#[tokio::test]
async fn a_deferred_key_stays_deferred_for_the_caller() {
    let maker = Maker::new(CODES).await;
    maker.make(&call("codes", &[("code", "a")])).await;
    maker.batch("BEGIN; INSERT INTO codes (code, n) VALUES ('a', 1)").await;
    let made = maker.make_in(&call("codes", &[("code", "b")]), Manner::InTransaction).await;
    assert_eq!(made[0].outcomes, [Outcome::Created]);
    maker.batch("DELETE FROM codes WHERE code = 'a' AND n = 1").await;
    maker.batch("INSERT INTO codes (code, n) VALUES ('b', 1); DELETE FROM codes WHERE n = 1").await;
    maker.batch("COMMIT").await;
    assert_eq!(maker.value("SELECT count(*) FROM codes WHERE code = 'b'").await, "1");
}

#[tokio::test]
async fn a_row_of_a_deferrable_key_that_policies_hide_is_told() {
    let role = crate::ground::unique("reader");
    let maker = Maker::new("CREATE TABLE def (code text NOT NULL UNIQUE DEFERRABLE, n int)").await;
    maker.make(&call("def", &[("code", "a")])).await;
    maker
        .batch(&format!(
            "CREATE ROLE {role}; GRANT ALL ON def TO {role};
             ALTER TABLE def ENABLE ROW LEVEL SECURITY;
             CREATE POLICY own ON def USING (n = 7) WITH CHECK (true)"
        ))
        .await;
    let maker = Maker::on(maker.target.clone()).await;
    maker.batch(&format!("SET ROLE {role}")).await;
    let hidden = call("def", &[("code", "a"), ("n", "7")]);
    let told = maker.told(&hidden, Manner::Autocommit).await;
    maker.batch(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).await;
    assert!(told.message.contains("row-level security hides it"), "{told:?}");
}
