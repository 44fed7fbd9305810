//! What stands between a call and its table is told as what it is.

use seedbed_factory::Manner;

use super::ground::{Maker, call};

#[tokio::test]
async fn rules_are_told_with_where_they_are_written() {
    let maker = Maker::new(
        "CREATE TABLE log (id serial PRIMARY KEY, said text NOT NULL UNIQUE);
         CREATE TABLE ruled (id serial PRIMARY KEY, said text NOT NULL UNIQUE);
         CREATE RULE elsewhere AS ON INSERT TO ruled DO ALSO \
           INSERT INTO log (said) VALUES (NEW.said)",
    )
    .await;
    let told = maker.told(&call("ruled", &[("said", "a")]), Manner::Autocommit).await;
    assert!(told.message.contains("its rules rewrite the statement"), "{told:?}");
    assert!(told.hints[0].contains("FROM pg_rules"), "{told:?}");
    assert_eq!(
        maker.value(&told.hints[0].replace("rulename, definition", "rulename")).await,
        "elsewhere"
    );
    assert_eq!(maker.value("SELECT count(*) FROM log").await, "0");
    // In the caller's transaction, which stays usable.
    maker.batch("BEGIN").await;
    maker.told(&call("ruled", &[("said", "a")]), Manner::InTransaction).await;
    maker.batch("INSERT INTO log (said) VALUES ('mine'); COMMIT").await;
}

#[tokio::test]
async fn a_view_with_a_check_option_is_told_by_its_own_name() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
           active boolean NOT NULL);
         CREATE VIEW alive AS SELECT * FROM users WHERE active WITH CHECK OPTION",
    )
    .await;
    let dead = call("alive", &[("email", "a@x.test"), ("active", "false")]);
    let told = maker.told(&dead, Manner::Autocommit).await;
    assert!(told.message.contains("the view alive would not show the row"), "{told:?}");
    assert!(told.hints[0].starts_with("seedbed make alive"), "{told:?}");
}

#[tokio::test]
async fn a_transaction_that_only_reads_is_told() {
    let maker =
        Maker::new("CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE)").await;
    let user = call("users", &[("email", "a@x.test")]);
    maker.batch("SET default_transaction_read_only = on").await;
    let told = maker.told(&user, Manner::Autocommit).await;
    assert!(told.message.contains("the transaction is read-only"), "{told:?}");
    maker.batch(&told.hints[0]).await;
    maker.make(&user).await;
}
