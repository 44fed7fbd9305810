//! What was passed and says which row is meant, although it does not identify
//! it: calls that mean two rows never take turns with one.

use seedbed_api::plan::{Argument, Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call, fingerprint};

const BLOG: &str = "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
    INSERT INTO users (email) VALUES ('a'), ('b');
    CREATE TABLE posts (id serial PRIMARY KEY, slug text NOT NULL UNIQUE, title text, \
      author_id int NOT NULL REFERENCES users);
    CREATE TABLE tree (id serial PRIMARY KEY, path text NOT NULL UNIQUE, \
      parent_id int REFERENCES tree)";

/// Makes the rows of the calls, twice; there are so many rows then.
async fn apart(maker: &Maker, calls: &[Call], rows: &str) {
    for call in calls {
        maker.make(call).await;
    }
    let before = fingerprint(maker).await;
    for call in calls {
        let again = maker.make(call).await;
        assert!(again.outcomes.iter().all(|one| *one == Outcome::Matched), "{call:?}");
    }
    assert_eq!(fingerprint(maker).await, before, "{calls:?}");
    let table = seedbed_schema::quote(&calls[0].table);
    assert_eq!(maker.value(&format!("SELECT count(*) FROM {table}")).await, rows, "{calls:?}");
}

#[tokio::test]
async fn a_row_of_one_parent_is_not_moved_to_another() {
    let maker = Maker::new(BLOG).await;
    let [one, other] = ["1", "2"].map(|id| call("posts", &[("author_id", id)]));
    apart(&maker, &[call("posts", &[]), one.clone(), other.clone()], "3").await;
    // Whatever was passed says which row is meant; only a key names one.
    let titled = ["S", "T"].map(|title| call("posts", &[("author_id", "2"), ("title", title)]));
    apart(&maker, &titled, "5").await;
    let named = ["S", "T"].map(|title| call("posts", &[("slug", "s"), ("title", title)]));
    assert_eq!(maker.make(&named[0]).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&named[1]).await.outcome(), Outcome::Updated);
    // Many of each, and the first of them is the one.
    let five = |call: &Call| Call { count: Some(5), ..call.clone() };
    apart(&maker, &[five(&one), five(&other)], "14").await;
    apart(&maker, &[call("tree", &[]), call("tree", &[("parent_id", "1")])], "2").await;
    assert_eq!(maker.value("SELECT count(*) FROM tree WHERE parent_id = id").await, "0");
    // NULL refers to nothing.
    let mut root = call("tree", &[]);
    root.set.insert("parent_id".to_owned(), Argument::Same(None));
    apart(&maker, &[root], "2").await;
}

#[tokio::test]
async fn a_row_outside_its_key_is_not_the_default_one() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
           username text NOT NULL, name text, discarded_at timestamptz);
         CREATE UNIQUE INDEX ON users (username) WHERE discarded_at IS NULL",
    )
    .await;
    let bob = call("users", &[("username", "bob")]);
    let gone = call("users", &[("username", "bob"), ("discarded_at", "2020-01-01")]);
    let other = call("users", &[("username", "eve"), ("discarded_at", "2020-01-01")]);
    apart(&maker, &[call("users", &[]), bob.clone(), gone, other], "4").await;
    let named = call("users", &[("username", "bob"), ("name", "Bob")]);
    assert_eq!(maker.make(&named).await.outcome(), Outcome::Updated);
    let discarded = "SELECT count(*) FROM users WHERE discarded_at IS NOT NULL";
    assert_eq!(maker.value(discarded).await, "2");
}

#[tokio::test]
async fn an_id_that_the_application_draws_says_nothing() {
    let ids = ["uuid", "text", "varchar(36)", "bigint"];
    for id in ids {
        let maker = Maker::new(&format!(
            "CREATE TABLE \"User\" (id {id} NOT NULL PRIMARY KEY, email text NOT NULL UNIQUE, \
               name text);
             CREATE TABLE \"Post\" (id {id} NOT NULL PRIMARY KEY, title text NOT NULL, \
               likes int NOT NULL DEFAULT 0, author {id} NOT NULL REFERENCES \"User\")"
        ))
        .await;
        let posts = ["A", "B"].map(|title| call("Post", &[("title", title)]));
        apart(&maker, &[call("Post", &[]), posts[0].clone(), posts[1].clone()], "3").await;
        assert_eq!(maker.value("SELECT count(*) FROM \"User\"").await, "1");
        let many = Call { count: Some(3), ..posts[0].clone() };
        apart(&maker, std::slice::from_ref(&many), "5").await;
        assert_eq!(maker.factory.explain(&call("User", &[])).unwrap().key, ["email"]);
        let with = vec![Call { count: Some(2), ..posts[0].clone() }];
        apart(&maker, &[Call { with, ..call("User", &[("email", "x")]) }], "2").await;
        assert_eq!(maker.value("SELECT count(*) FROM \"Post\"").await, "7");
        // Who passes it names the row.
        let named = if id == "uuid" { "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" } else { "77" };
        let post = call("Post", &[("id", named), ("title", "C")]);
        assert_eq!(maker.make(&post).await.outcome(), Outcome::Created);
        let post = call("Post", &[("id", named), ("title", "D")]);
        assert_eq!(maker.make(&post).await.outcome(), Outcome::Updated);
    }
}

#[tokio::test]
async fn a_value_that_decides_about_others_tells_rows_apart() {
    let maker = Maker::new(
        "CREATE TABLE coupons (id serial PRIMARY KEY, code text NOT NULL UNIQUE, pct int, \
           amt int, note text, CHECK (num_nonnulls(pct, amt) = 1));
         CREATE TABLE bills (id serial PRIMARY KEY, no text NOT NULL UNIQUE, \
           state text NOT NULL CHECK (state IN ('open', 'paid')), paid_at date, \
           CHECK (state <> 'paid' OR paid_at IS NOT NULL))",
    )
    .await;
    let amount = call("coupons", &[("amt", "5")]);
    let percent = call("coupons", &[("pct", "10")]);
    apart(&maker, &[call("coupons", &[]), amount.clone(), percent], "3").await;
    let told = call("coupons", &[("amt", "5"), ("note", "n")]);
    assert_eq!(maker.make_in(&told, Manner::Autocommit).await[0].outcomes, [Outcome::Created]);
    let states = ["open", "paid"].map(|state| call("bills", &[("state", state)]));
    let [open, paid] = &states;
    apart(&maker, &[call("bills", &[]), open.clone(), paid.clone()], "3").await;
}
