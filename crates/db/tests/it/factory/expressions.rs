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
