//! What is told where a call cannot be met: the row that is in the way, the
//! value at fault, and a line that helps.

use seedbed_api::plan::Call;
use seedbed_db::{FactoryValues, Ran};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each};

/// Message, detail and hints, however it ends.
async fn end(maker: &Maker, call: &Call) -> String {
    let compiled = match maker.factory.compile(call) {
        Ok(compiled) => compiled,
        Err(failure) => {
            return format!("{} {:?} {:?}", failure.chain(), failure.details(), failure.hints());
        }
    };
    let mut values = FactoryValues::new(&maker.factory, &maker.runner);
    match maker.runner.run(compiled, Manner::Autocommit, &mut values).await {
        Ok(Ran::Done(made)) => panic!("{made:?}"),
        Ok(Ran::Trouble(trouble)) => {
            let told = maker.factory.diagnose(&trouble).unwrap();
            format!("{} {:?} {:?}", told.message, told.detail, told.hints)
        }
        Err(failure) => {
            format!("{} {:?} {:?}", failure.chain(), failure.details(), failure.hints())
        }
    }
}

#[tokio::test]
async fn a_row_that_is_in_the_way_is_told() {
    let maker = Maker::new(
        "CREATE EXTENSION btree_gist;
         CREATE TABLE users (id serial PRIMARY KEY, username text NOT NULL UNIQUE, email text NOT NULL UNIQUE);
         INSERT INTO users VALUES (77, 'a77', 'a77@x.test');
         CREATE TABLE stays (id serial PRIMARY KEY, name text NOT NULL UNIQUE, guest text NOT NULL,
           room int NOT NULL, during daterange NOT NULL,
           EXCLUDE USING gist (room WITH =, during WITH &&));
         INSERT INTO stays VALUES (5, 'a', 'b', 1, '[2024-01-01,2024-02-01)');",
    )
    .await;
    let told = end(&maker, &call("users", &[("id", "78"), ("username", "a77")])).await;
    assert!(told.contains("another row of users has this username, but not this id"), "{told}");
    assert!(told.contains("--key username"), "{told}");
    let stay = [("name", "b"), ("room", "1"), ("during", "[2024-01-10,2024-01-11)")];
    let told = end(&maker, &call("stays", &stay)).await;
    assert!(
        told.contains("a row of stays would overlap another one: stays_room_during_excl"),
        "{told}"
    );
    assert!(told.contains("seedbed make stays room=… during=…"), "{told}");
}

#[tokio::test]
async fn what_is_asked_for_is_not_guessed() {
    let maker = Maker::new(
        "CREATE TABLE \"User\" (id serial PRIMARY KEY, name text UNIQUE);
         CREATE TABLE \"user\" (id serial PRIMARY KEY, name text UNIQUE)",
    )
    .await;
    let refused = maker.refused(&call("USER", &[]));
    assert!(refused.contains("there are several tables named USER"), "{refused}");
    assert!(
        refused.contains("seedbed make public.User\", \"seedbed make public.user"),
        "{refused}"
    );
    for name in ["User", "user", "public.User"] {
        maker.make(&call(name, &[])).await;
    }
    let none = Call { count: Some(0), ..call("user", &[]) };
    assert!(maker.refused(&none).contains("no row of user is asked for"));
    let listed =
        Call { set: [("name".to_owned(), each(&["a", "b", "c"]))].into(), ..call("user", &[]) };
    assert_eq!(maker.make(&listed).await.rows.len(), 3);
}

#[tokio::test]
async fn partitions_below_partitions_are_told() {
    let maker = Maker::new(
        "CREATE TABLE sub (id int NOT NULL, r text NOT NULL, y int NOT NULL, UNIQUE (id, r, y)) PARTITION BY LIST (r);
         CREATE TABLE sub_eu PARTITION OF sub FOR VALUES IN ('eu') PARTITION BY RANGE (y);
         CREATE TABLE sub_eu_1 PARTITION OF sub_eu FOR VALUES FROM (2020) TO (2030)",
    )
    .await;
    let told = end(&maker, &call("sub", &[("id", "1"), ("r", "eu"), ("y", "5")])).await;
    assert!(told.contains("no partition of sub_eu takes the row"), "{told}");
    assert!(told.contains("seedbed make sub y=…"), "{told}");
    assert!(
        told.contains("\\\"sub_eu_default\\\" PARTITION OF \\\"public\\\".\\\"sub_eu\\\""),
        "{told}"
    );
    let told = end(&maker, &call("sub", &[("id", "1"), ("r", "us"), ("y", "2025")])).await;
    assert!(told.contains("no partition of sub takes the row"), "{told}");
    assert!(told.contains("[\"seedbed make sub r=…\""), "{told}");
}

#[tokio::test]
async fn a_statement_that_was_cancelled_waited_for_nobody() {
    let maker = Maker::new(
        "CREATE TABLE slow (id serial PRIMARY KEY, name text UNIQUE);
         CREATE FUNCTION sleeps() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN PERFORM pg_sleep(10); RETURN new; END $$;
         CREATE TRIGGER sleeps BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION sleeps();
         SET statement_timeout = '100ms'",
    )
    .await;
    maker.batch("SET statement_timeout = '100ms'").await;
    let told = end(&maker, &call("slow", &[("name", "a")])).await;
    assert!(told.contains("the statement for slow was cancelled"), "{told}");
    assert!(told.contains("statement timeout"), "{told}");
    assert!(told.contains("SET statement_timeout"), "{told}");
    // Another session has a lock, for which nobody need have waited.
    let other = maker.beside().await;
    other.batch("BEGIN; LOCK TABLE slow IN ROW SHARE MODE").await;
    let told = end(&maker, &call("slow", &[("name", "a")])).await;
    assert!(
        told.contains("the statement for slow was cancelled, perhaps while it waited"),
        "{told}"
    );
    other.batch("ROLLBACK").await;
}

#[tokio::test]
async fn what_triggers_raise_is_told_without_values() {
    let maker = Maker::new(
        "CREATE TABLE raising (id serial PRIMARY KEY, name text UNIQUE);
         CREATE FUNCTION raises() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN RAISE EXCEPTION 'no room for \"%\" of hunter2@x.test', new.name USING ERRCODE = new.name; END $$;
         CREATE TRIGGER raises BEFORE INSERT ON raising FOR EACH ROW EXECUTE FUNCTION raises()",
    )
    .await;
    for state in ["P0042", "45000", "ZZ999", "P0001"] {
        let told = end(&maker, &call("raising", &[("name", state)])).await;
        assert!(told.contains("no room for … of …"), "{state}: {told}");
        assert!(!told.contains("hunter2"), "{state}: {told}");
        assert!(told.contains("triggers: raises"), "{state}: {told}");
    }
}

#[tokio::test]
async fn what_is_no_table_is_told() {
    let maker = Maker::new(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
         CREATE MATERIALIZED VIEW mv AS SELECT * FROM a;
         CREATE VIEW joined AS SELECT a.id FROM a JOIN b ON a.id = b.id",
    )
    .await;
    for (name, what) in [
        ("mv", "mv is a materialized view: no row can be made in it"),
        ("public.joined", "public.joined is a view that takes no rows"),
        ("pg_class", "pg_class is one of the server's own"),
        ("nothing", "there is no table nothing"),
    ] {
        let refused = maker.refused(&call(name, &[]));
        assert!(refused.contains(what), "{refused}");
    }
}

#[tokio::test]
async fn hints_are_lines_that_help() {
    let maker = Maker::new(
        "CREATE TABLE names (id serial PRIMARY KEY, n text NOT NULL, other int);
         CREATE UNIQUE INDEX ON names (lower(n)); CREATE UNIQUE INDEX ON names (reverse(n));
         CREATE TABLE \"VerificationToken\" (identifier text NOT NULL, token text NOT NULL UNIQUE, UNIQUE (identifier, token));
         INSERT INTO \"VerificationToken\" VALUES ('a', 't');
         CREATE TABLE vc (k text NOT NULL UNIQUE, a varchar(20), b varchar(2), c int)",
    )
    .await;
    let by_other = Call { key: vec!["other".to_owned()], ..call("names", &[("n", "a")]) };
    let refused = maker.refused(&by_other);
    assert_eq!(refused.matches("--key n\"").count(), 1, "{refused}");
    let told =
        end(&maker, &call("VerificationToken", &[("identifier", "b"), ("token", "t")])).await;
    assert!(
        told.contains("a row of VerificationToken has this token, but another identifier None"),
        "{told}"
    );
    let told = end(&maker, &call("vc", &[("k", "a"), ("a", "x"), ("b", "111"), ("c", "1")])).await;
    assert!(told.contains("a value for vc.b is not of its type"), "{told}");
}

#[tokio::test]
async fn a_right_on_columns_is_granted_on_columns() {
    let maker = Maker::new(
        "CREATE TABLE secrets (id serial PRIMARY KEY, name text NOT NULL UNIQUE, level int);
         DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'told_clerk') THEN CREATE ROLE told_clerk; END IF; END $$;
         GRANT SELECT ON secrets TO told_clerk; GRANT INSERT (name) ON secrets TO told_clerk;
         GRANT UPDATE (name) ON secrets TO told_clerk; GRANT USAGE ON secrets_id_seq TO told_clerk;",
    )
    .await;
    maker.batch("SET ROLE told_clerk").await;
    let told = end(&maker, &call("secrets", &[("name", "a"), ("level", "5")])).await;
    assert!(told.contains("GRANT SELECT, INSERT (\\\"level\\\", \\\"name\\\") ON"), "{told}");
    maker.batch("RESET ROLE; DROP OWNED BY told_clerk; DROP ROLE told_clerk").await;
}

#[tokio::test]
async fn a_key_over_a_cast_is_computed_for_what_is_generated() {
    let maker = Maker::new(
        "CREATE TABLE ex (id serial PRIMARY KEY, code text NOT NULL); CREATE UNIQUE INDEX ON ex ((code::int))",
    )
    .await;
    let one = maker.make(&call("ex", &[])).await;
    assert_eq!(maker.make(&call("ex", &[])).await.rows, one.rows);
    assert_eq!(maker.make(&Call { count: Some(5), ..call("ex", &[]) }).await.rows.len(), 5);
    assert_eq!(maker.value("SELECT count(*) FROM ex").await, "5");
}

#[tokio::test]
async fn a_key_that_was_not_passed_is_no_way_out() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
         CREATE TABLE subs (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users, status text NOT NULL);
         CREATE UNIQUE INDEX ON subs (user_id) WHERE status = 'active'",
    )
    .await;
    let set = [("status".to_owned(), each(&["active", "canceled"]))];
    let several = Call { set: set.into(), ..call("subs", &[]) };
    let told = end(&maker, &several).await;
    assert!(told.contains("subs_user_id_idx: WHERE (status = 'active'::text)"), "{told}");
    assert!(!told.contains("--key id"), "{told}");
}
