//! Keys over expressions that may be NULL: such a row is not made by every call
//! once more.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each, fingerprint};

#[tokio::test]
async fn a_row_for_which_its_key_is_null_is_not_made() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL);
         CREATE UNIQUE INDEX ON users (nullif(email, ''));
         CREATE TABLE goods (id serial PRIMARY KEY, d jsonb NOT NULL);
         CREATE UNIQUE INDEX ON goods ((d->>'sku'))",
    )
    .await;
    let before = fingerprint(&maker).await;
    let mut two = Call { count: Some(2), ..call("users", &[]) };
    two.set.insert("email".to_owned(), each(&["a", ""]));
    for call in [call("users", &[("email", "")]), two, call("goods", &[("d", "{}")])] {
        let told = maker.told(&call, Manner::Autocommit).await;
        assert!(told.message.contains("is NULL, which is equal to nothing"), "{told:?}");
    }
    let after = fingerprint(&maker).await;
    for table in ["public.users", "public.goods"] {
        assert_eq!(after[table], before[table]);
    }
    for call in [
        call("users", &[("email", "a")]),
        call("users", &[]),
        call("goods", &[("d", r#"{"sku": "x"}"#)]),
    ] {
        assert_eq!(maker.make(&call).await.outcome(), Outcome::Created);
        assert_eq!(maker.make(&call).await.outcome(), Outcome::Matched);
    }
}

#[tokio::test]
async fn what_is_taken_out_of_a_document_is_not_made_up() {
    let maker = Maker::new(
        "CREATE TABLE goods (id serial PRIMARY KEY, d jsonb NOT NULL);
         CREATE UNIQUE INDEX ON goods ((d->>'sku'))",
    )
    .await;
    for call in [call("goods", &[]), Call { count: Some(3), ..call("goods", &[]) }] {
        maker.make(&call).await;
        let before = fingerprint(&maker).await;
        let again = maker.make(&call).await;
        assert!(again.outcomes.iter().all(|one| *one == Outcome::Matched));
        assert_eq!(fingerprint(&maker).await, before);
    }
    assert_eq!(maker.value("SELECT count(*) FROM goods").await, "3");
    let told = maker.factory.explain(&call("goods", &[])).unwrap();
    let why = "what it takes out of d, which was not passed, may be NULL";
    assert!(told.lost.iter().any(|lost| lost.why == why), "{told:?}");
}

#[tokio::test]
async fn a_generated_column_is_a_key_by_what_it_is_computed_from() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, name text, \
           norm varchar(99) GENERATED ALWAYS AS (lower(email)) STORED UNIQUE);
         CREATE TABLE posts (id serial PRIMARY KEY, slug text NOT NULL UNIQUE, \
           author int NOT NULL REFERENCES users)",
    )
    .await;
    let upper = call("users", &[("email", "A@x.test")]);
    let lower = call("users", &[("email", "a@x.test"), ("name", "A")]);
    assert_eq!(maker.make(&upper).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&lower).await.outcome(), Outcome::Updated);
    assert_eq!(maker.factory.explain(&upper).unwrap().key, ["norm"]);
    let mut two = Call { count: Some(2), ..call("users", &[]) };
    two.set.insert("email".to_owned(), each(&["B@x.test", "a@X.test"]));
    assert_eq!(maker.make(&two).await.outcomes, [Outcome::Created, Outcome::Matched]);
    let many = Call { count: Some(20), ..call("users", &[]) };
    for outcome in [Outcome::Created, Outcome::Matched] {
        assert_eq!(maker.make(&many).await.outcomes, [outcome; 20]);
    }
    let post = call("posts", &[("slug", "s")]);
    assert_eq!(maker.make(&post).await.outcome(), Outcome::Created);
    assert_eq!(maker.value("SELECT count(*) FROM users").await, "22");
    let fresh = Call { fresh: true, count: Some(2), ..call("users", &[]) };
    assert_eq!(maker.make(&fresh).await.outcomes, [Outcome::Created; 2]);
    let named = Call { key: vec!["email".to_owned()], ..upper };
    assert_eq!(maker.make(&named).await.outcome(), Outcome::Matched);
}
