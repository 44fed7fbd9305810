//! One row that is asked for as many may have any key that one row may have;
//! several of one key are refused, with what makes them different.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call};

const SCHEMA: &str = "CREATE TABLE users (id serial PRIMARY KEY, username text NOT NULL UNIQUE);
    CREATE TABLE posts (id serial PRIMARY KEY, slug text NOT NULL UNIQUE, \
      user_id int NOT NULL REFERENCES users);
    CREATE TABLE orders (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users, \
      state text NOT NULL DEFAULT 'cart');
    CREATE UNIQUE INDEX one_cart ON orders (user_id) WHERE state = 'cart';
    CREATE TABLE profiles (id serial PRIMARY KEY, user_id int NOT NULL UNIQUE REFERENCES users)";

fn with(child: Call, parent: Call) -> Call {
    Call { with: vec![child], ..parent }
}

fn several(count: u32, call: Call) -> Call {
    Call { count: Some(count), ..call }
}

#[tokio::test]
async fn one_row_of_many_may_have_a_key_that_was_passed() {
    let maker = Maker::new(SCHEMA).await;
    let slug = |slug| call("posts", &[("slug", slug)]);
    for call in [
        several(1, slug("q")),
        with(several(1, slug("a")), call("users", &[])),
        with(several(1, slug("a")), several(1, call("users", &[]))),
        with(several(1, call("profiles", &[])), several(1, call("users", &[]))),
        with(several(1, call("orders", &[("state", "cart")])), call("users", &[])),
    ] {
        maker.make(&call).await;
        let again = maker.make_in(&call, Manner::Autocommit).await;
        let matched = |outcome: &Outcome| *outcome == Outcome::Matched;
        assert!(again.iter().flat_map(|made| &made.outcomes).all(matched), "{call:?}");
    }
    assert_eq!(maker.value("SELECT count(*) FROM posts").await, "2");
}

#[tokio::test]
async fn a_fresh_row_may_have_a_key_that_was_passed() {
    let maker = Maker::new(SCHEMA).await;
    for count in [None, Some(1)] {
        let name = format!("new {count:?}");
        let fresh = Call { fresh: true, count, ..call("users", &[("username", &name)]) };
        assert_eq!(maker.make(&fresh).await.outcomes, [Outcome::Created]);
        let told = maker.told(&fresh, Manner::Autocommit).await;
        assert_eq!(
            told.message.replace(" (row 0)", ""),
            "a row of users has this username already"
        );
        assert_eq!(told.hints[0], "seedbed make users username=…");
    }
}

#[tokio::test]
async fn several_rows_of_one_key_are_refused_with_what_can_be_passed() {
    let maker = Maker::new(SCHEMA).await;
    let slug = || call("posts", &[("slug", "a")]);
    for (call, words) in [
        (several(2, slug()), ["same key (slug)", "seedbed make posts slug=… slug=…"]),
        (
            with(several(1, slug()), several(2, call("users", &[]))),
            ["same key (slug)", "seedbed make posts slug=… slug=…"],
        ),
        (
            Call { fresh: true, ..several(2, call("users", &[("username", "a")])) },
            ["same key (username)", "seedbed make users username=… username=…"],
        ),
        (
            with(several(2, call("orders", &[])), call("users", &[])),
            ["same key (user_id)", "seedbed make orders state=…"],
        ),
        (
            with(several(2, call("profiles", &[])), call("users", &[])),
            ["same key (user_id)", "--with profiles=1"],
        ),
    ] {
        let told = maker.refused(&call);
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
        assert!(maker.factory.build(&call).is_err());
    }
}
