//! Several rows in one call: each is its own row, and a call is met whole or
//! not at all.

use seedbed_api::plan::{Call, Outcome, Policy};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each, fingerprint};

fn many(table: &str, lists: &[(&str, &[&str])]) -> Call {
    let count = lists.iter().map(|(_, list)| list.len()).max().unwrap_or(1);
    let set = lists.iter().map(|(name, list)| ((*name).to_owned(), each(list))).collect();
    Call { count: u32::try_from(count).ok(), set, ..call(table, &[]) }
}

const TWO_KEYS: &str = "CREATE TABLE u (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
    username text NOT NULL, name text, o int);
    CREATE UNIQUE INDEX u_username ON u (lower(username), (o IS NULL));
    INSERT INTO u (email, username, name) VALUES ('a@x', 'ua', 'as it was')";

#[tokio::test]
async fn a_row_that_has_one_of_two_keys_is_not_bent_into_shape() {
    let maker = Maker::new(TWO_KEYS).await;
    let wanted = many(
        "u",
        &[
            ("email", &["a@x", "b@x"]),
            ("username", &["zz", "ub"]),
            ("o", &["1", "1"]),
            ("name", &["N", "N"]),
        ],
    );
    maker.batch("BEGIN").await;
    let told = maker.told(&wanted, Manner::InTransaction).await;
    maker.batch("ROLLBACK").await;
    assert!(told.message.contains("u 1 has this email, but another"), "{told:?}");
    assert!(told.message.contains("(row 0)"), "{told:?}");
    let name = maker.value("SELECT name FROM u WHERE id = 1").await;
    assert_eq!(name, "as it was");
}

#[tokio::test]
async fn a_batch_with_two_keys_converges() {
    let maker = Maker::new(TWO_KEYS).await;
    maker.batch("UPDATE u SET o = 5").await;
    let batch = |name: &str| {
        many(
            "u",
            &[
                ("email", &["a@x", "b@x"]),
                ("username", &["UA", "ub"]),
                ("o", &["5", "6"]),
                ("name", &[name, name]),
            ],
        )
    };
    let made = maker.make(&batch("N")).await;
    assert_eq!(made.outcomes, [Outcome::Updated, Outcome::Created]);
    assert_eq!(maker.make(&batch("M")).await.outcomes, [Outcome::Updated; 2]);
    let before = fingerprint(&maker).await;
    assert_eq!(maker.make(&batch("M")).await.outcomes, [Outcome::Matched; 2]);
    assert_eq!(fingerprint(&maker).await, before);
}

#[tokio::test]
async fn a_call_that_fails_leaves_nothing_behind() {
    let maker = Maker::new(TWO_KEYS).await;
    let wanted =
        many("u", &[("email", &["b@x", "a@x"]), ("username", &["ub", "zz"]), ("o", &["1", "1"])]);
    let before = maker.value("SELECT count(*) FROM u").await;
    let told = maker.told(&wanted, Manner::Autocommit).await;
    assert!(told.message.contains("(row 1)"), "{told:?}");
    assert_eq!(maker.value("SELECT count(*) FROM u").await, before);
}

#[tokio::test]
async fn what_a_trigger_did_for_a_row_it_suppressed_is_undone() {
    let maker = Maker::new(
        "CREATE TABLE seen (what text);
         CREATE TABLE t (id serial PRIMARY KEY, code text NOT NULL UNIQUE);
         CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS
           $$BEGIN INSERT INTO seen VALUES (NEW.code);
             IF NEW.code = 'c' THEN RETURN NULL; END IF; RETURN NEW; END$$;
         CREATE TRIGGER no BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()",
    )
    .await;
    for wanted in [call("t", &[("code", "c")]), many("t", &[("code", &["a", "b", "c"])])] {
        let told = maker.told(&wanted, Manner::Autocommit).await;
        assert!(told.message.contains("trigger"), "{told:?}");
        let left = "SELECT (SELECT count(*) FROM seen) + (SELECT count(*) FROM t)";
        assert_eq!(maker.value(left).await, "0");
    }
    assert_eq!(maker.make(&call("t", &[("code", "d")])).await.outcome(), Outcome::Created);
}

const EXPRESSION: &str = "CREATE TABLE expr (id serial PRIMARY KEY, email text NOT NULL, n int);
    CREATE UNIQUE INDEX expr_email ON expr (lower(email))";

#[tokio::test]
async fn rows_of_a_call_that_are_one_row_must_not_contradict_each_other() {
    let maker = Maker::new(EXPRESSION).await;
    let emails: (&str, &[&str]) = ("email", &["x@x.y", "dd@x.y", "DD@x.y"]);
    let wanted = many("expr", &[emails, ("n", &["0", "1", "2"])]);
    // Whether the row is to be made, is there, or is as one of them wants it.
    for there in [
        "",
        "INSERT INTO expr (email, n) VALUES ('Dd@x.y', 7)",
        "UPDATE expr SET n = 1",
        "UPDATE expr SET n = 2",
    ] {
        maker.batch(there).await;
        let rows = "SELECT coalesce(string_agg(t::text, ' '), '') FROM expr AS t";
        let before = maker.value(rows).await;
        let told = maker.told(&wanted, Manner::Autocommit).await;
        assert!(told.message.contains("rows 1 and 2 of the call are the same row"), "{told:?}");
        assert!(told.hints.iter().any(|hint| hint.contains("n")), "{told:?}");
        assert_eq!(maker.value(rows).await, before);
    }
    let keep = Call { policy: Policy::Keep, ..wanted };
    assert_eq!(maker.make(&keep).await.outcomes[1..], [Outcome::Matched; 2]);
}

#[tokio::test]
async fn rows_of_a_call_that_are_one_row_are_made_once() {
    let deferred = "CREATE TABLE expr (id serial PRIMARY KEY, email text NOT NULL UNIQUE \
                    DEFERRABLE, n int)";
    for (schema, other) in [(EXPRESSION, "A@x.y"), (deferred, "a@x.y")] {
        let maker = Maker::new(schema).await;
        let emails: (&str, &[&str]) = ("email", &["b@x.y", "a@x.y", other]);
        let wanted = |n| many("expr", &[emails, ("n", n)]);
        let made = maker.make(&wanted(&["0", "1", "1"])).await;
        assert_eq!(made.outcomes, [Outcome::Created, Outcome::Created, Outcome::Matched]);
        assert_eq!(made.get(1, "id"), made.get(2, "id"));
        let made = maker.make(&wanted(&["0", "3", "3"])).await;
        assert_eq!(made.outcomes, [Outcome::Matched, Outcome::Updated, Outcome::Matched]);
        let again = maker.make(&wanted(&["0", "3", "3"])).await;
        assert_eq!(again.outcomes, [Outcome::Matched; 3]);
        assert_eq!(maker.value("SELECT last_value FROM expr_id_seq").await, "2");
    }
}

#[tokio::test]
async fn rows_that_nothing_tells_apart_are_refused() {
    let maker = Maker::new(
        "CREATE TABLE bare (id serial PRIMARY KEY, v int, n int);
         CREATE TABLE authors (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
         CREATE TABLE notes (id serial PRIMARY KEY, author int NOT NULL REFERENCES authors, n int)",
    )
    .await;
    let same = |count| Call { count: Some(count), ..call("bare", &[("v", "1"), ("n", "3")]) };
    let refused = maker.refused(&same(2));
    assert!(refused.contains("rows 0 and 1 of bare are alike"), "{refused}");
    let lists = |n| many("bare", &[("v", &["1", "1"]), ("n", n)]);
    assert!(maker.refused(&lists(&["3", "3"])).contains("are alike"));
    let with = |with: Call| Call { with: vec![with], ..call("authors", &[("email", "a@x.y")]) };
    let refused = maker.refused(&with(Call { count: Some(2), ..call("notes", &[("n", "1")]) }));
    assert!(refused.contains("rows 0 and 1 of notes are alike"), "{refused}");
    // What differs is made once.
    let notes = with(many("notes", &[("n", &["1", "2"])]));
    for wanted in [&same(1), &lists(&["3", "4"]), &notes] {
        maker.make(wanted).await;
        let before = fingerprint(&maker).await;
        maker.make(wanted).await;
        assert_eq!(fingerprint(&maker).await, before);
    }
    let ids = maker.make(&lists(&["3", "4"])).await;
    assert_ne!(ids.get(0, "id"), ids.get(1, "id"));
}

#[tokio::test]
async fn a_key_with_a_parent_nobody_passed_is_compared_beside_another() {
    let maker = Maker::new(
        "CREATE TABLE authors (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
         CREATE TABLE posts (id serial PRIMARY KEY, author int NOT NULL REFERENCES authors, \
           slug text NOT NULL, code text NOT NULL UNIQUE, n int, UNIQUE (author, slug))",
    )
    .await;
    let post = |n| Call {
        key: vec!["author".to_owned(), "slug".to_owned()],
        ..call("posts", &[("slug", "s"), ("code", "c"), ("n", n)])
    };
    assert_eq!(maker.make(&post("1")).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&post("2")).await.outcome(), Outcome::Updated);
    assert_eq!(maker.make(&post("2")).await.outcome(), Outcome::Matched);
}
