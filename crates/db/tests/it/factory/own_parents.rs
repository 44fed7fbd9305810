//! Parents that only one row can have.

use seedbed_api::plan::{Call, Outcome};

use super::ground::{Maker, call, each, fingerprint};

const SHOP: &str = "CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
    CREATE TABLE orders (id serial PRIMARY KEY, no text NOT NULL UNIQUE, \
      customer int NOT NULL UNIQUE REFERENCES customers);
    CREATE TABLE pays (id serial PRIMARY KEY, ref text NOT NULL UNIQUE, \
      order_id int NOT NULL UNIQUE REFERENCES orders)";

fn pays(refs: &[&str]) -> Call {
    let mut call = Call { count: u32::try_from(refs.len()).ok(), ..call("pays", &[]) };
    call.set.insert("ref".to_owned(), each(refs));
    call
}

#[tokio::test]
async fn parents_of_rows_that_are_there_are_not_made_again() {
    let maker = Maker::new(SHOP).await;
    assert_eq!(maker.make(&pays(&["a", "b"])).await.outcomes, [Outcome::Created; 2]);
    // Nobody would find them now.
    maker.batch("UPDATE orders SET no = 'o' || id; UPDATE customers SET email = 'c' || id").await;
    let three = pays(&["a", "c", "b"]);
    let outcomes = [Outcome::Matched, Outcome::Created, Outcome::Matched];
    assert_eq!(maker.make(&three).await.outcomes, outcomes);
    for table in ["customers", "orders", "pays"] {
        assert_eq!(maker.value(&format!("SELECT count(*) FROM {table}")).await, "3", "{table}");
    }
    let before = fingerprint(&maker).await;
    assert_eq!(maker.make(&three).await.outcomes, [Outcome::Matched; 3]);
    assert_eq!(fingerprint(&maker).await, before);
}

#[tokio::test]
async fn parents_that_only_one_row_has_are_of_one_family() {
    let maker = Maker::new(
        "CREATE TABLE versions (id serial PRIMARY KEY, crate_id int NOT NULL, num text NOT NULL);
         CREATE TABLE crates (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
         ALTER TABLE versions ADD FOREIGN KEY (crate_id) REFERENCES crates, \
           ADD UNIQUE (crate_id, num);
         CREATE TABLE latest (version_id int NOT NULL UNIQUE REFERENCES versions, \
           crate_id int NOT NULL UNIQUE REFERENCES crates)",
    )
    .await;
    let family = "SELECT bool_and(l.crate_id = v.crate_id) FROM latest l \
                  JOIN versions v ON v.id = l.version_id";
    for count in [None, Some(3)] {
        let call = Call { count, ..call("latest", &[]) };
        maker.make(&call).await;
        let before = fingerprint(&maker).await;
        let again = maker.make(&call).await;
        assert!(again.outcomes.iter().all(|one| *one == Outcome::Matched));
        assert_eq!(fingerprint(&maker).await, before);
        assert_eq!(maker.value(family).await, "t", "{count:?}");
    }
    assert_eq!(maker.value("SELECT count(*) FROM crates").await, "3");
    assert_eq!(maker.value("SELECT count(*) FROM latest").await, "3");
}
