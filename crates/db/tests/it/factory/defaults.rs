//! Defaults that would make unique keys clash.

use seedbed_api::plan::{Call, Outcome};

use super::ground::{Maker, call, fingerprint};

const PRODUCTS: &str = "CREATE TABLE products (id serial PRIMARY KEY, slug text NOT NULL UNIQUE);
    CREATE TABLE variants (id serial PRIMARY KEY, product int NOT NULL REFERENCES products, \
      sku text NOT NULL UNIQUE, label text NOT NULL DEFAULT '', size int NOT NULL DEFAULT 1, \
      UNIQUE (product, label));
    CREATE TYPE slot AS ENUM ('front', 'back', 'side');
    CREATE TABLE pictures (id serial PRIMARY KEY, product int NOT NULL REFERENCES products, \
      path text NOT NULL UNIQUE, slot slot NOT NULL DEFAULT 'front', UNIQUE (product, slot));
    CREATE TABLE visits (id serial PRIMARY KEY, product int NOT NULL REFERENCES products, \
      path text NOT NULL UNIQUE, at timestamptz NOT NULL DEFAULT now(), UNIQUE (product, at))";

async fn made_once(maker: &Maker, call: &Call) {
    maker.make(call).await;
    let before = fingerprint(maker).await;
    maker.make(call).await;
    assert_eq!(fingerprint(maker).await, before, "{call:?}");
}

#[tokio::test]
async fn children_differ_where_a_default_would_make_them_the_same() {
    let maker = Maker::new(PRODUCTS).await;
    for child in ["variants", "pictures", "visits"] {
        let with = vec![Call { count: Some(3), ..call(child, &[]) }];
        made_once(&maker, &Call { with, ..call("products", &[("slug", "tent")]) }).await;
        let count = format!("SELECT count(*) FROM {child} WHERE product = 1");
        assert_eq!(maker.value(&count).await, "3", "{child}");
    }
    assert_eq!(maker.value("SELECT count(DISTINCT label) FROM variants").await, "3");
    // What no key asks for keeps its default.
    assert_eq!(maker.value("SELECT bool_and(size = 1) FROM variants").await, "t");
}

#[tokio::test]
async fn rows_that_are_made_one_by_one_differ_too() {
    let maker = Maker::new(PRODUCTS).await;
    for table in ["variants", "pictures", "visits"] {
        let column = if table == "variants" { "sku" } else { "path" };
        for value in ["A-1", "A-2", "A-3", "A-4"] {
            made_once(&maker, &call(table, &[(column, value)])).await;
        }
        made_once(&maker, &Call { count: Some(5), ..call(table, &[]) }).await;
    }
    // A label is made up, a meaning is not: each picture has its own product.
    assert_eq!(maker.value("SELECT count(DISTINCT product) FROM variants").await, "1");
    assert_eq!(maker.value("SELECT bool_and(slot = 'front') FROM pictures").await, "t");
    let passed = call("variants", &[("sku", "B"), ("label", "mine")]);
    assert_eq!(maker.make(&passed).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&passed).await.get(0, "label"), Some("mine"));
}
