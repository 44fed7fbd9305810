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

#[tokio::test]
async fn parts_of_a_key_keep_their_defaults_where_others_tell_rows_apart() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
         CREATE TABLE members (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users, \
           role text NOT NULL DEFAULT 'member', note text, UNIQUE (user_id, role));
         CREATE TABLE pages (id serial PRIMARY KEY, name text NOT NULL, \
           version int NOT NULL DEFAULT 1, locale text NOT NULL DEFAULT 'en', \
           note text, UNIQUE (name, version, locale));
         CREATE TABLE settings (env text NOT NULL DEFAULT 'dev', k text NOT NULL, \
           UNIQUE (env, k));
         CREATE TABLE plain (code text NOT NULL UNIQUE DEFAULT '')",
    )
    .await;
    let three = |call: Call| Call { count: Some(3), ..call };
    for call in [
        call("members", &[]),
        call("members", &[("user_id", "1")]),
        three(call("members", &[])),
        call("pages", &[]),
        call("pages", &[("name", "x")]),
        call("pages", &[("name", "x"), ("version", "2")]),
        three(call("pages", &[])),
        call("settings", &[]),
        three(call("settings", &[])),
    ] {
        made_once(&maker, &call).await;
    }
    assert_eq!(maker.value("SELECT count(*) FROM members WHERE role = 'member'").await, "3");
    assert_eq!(maker.value("SELECT count(*) FROM members").await, "3");
    assert_eq!(maker.value("SELECT count(*) FROM pages WHERE version = 1").await, "4");
    assert_eq!(maker.value("SELECT bool_and(locale = 'en') FROM pages").await, "t");
    assert_eq!(maker.value("SELECT count(*) FROM settings WHERE env = 'dev'").await, "3");
    // It is the row that the default means.
    let named = call("pages", &[("name", "x"), ("version", "1"), ("locale", "en")]);
    assert_eq!(maker.make(&named).await.outcome(), Outcome::Matched);
    let told = call("pages", &[("name", "x"), ("note", "n")]);
    assert_eq!(maker.make(&told).await.outcome(), Outcome::Updated);
    // Where nothing else can tell rows apart they differ in it: a number first.
    made_once(&maker, &three(call("pages", &[("name", "y")]))).await;
    let versions = "SELECT count(DISTINCT version) FROM pages WHERE name = 'y'";
    assert_eq!(maker.value(versions).await, "3");
    assert_eq!(maker.value("SELECT bool_and(locale = 'en') FROM pages").await, "t");
    made_once(&maker, &three(call("members", &[("user_id", "2")]))).await;
    assert_eq!(maker.value("SELECT count(*) FROM members WHERE user_id = 2").await, "4");
    made_once(&maker, &three(call("plain", &[]))).await;
    assert_eq!(maker.value("SELECT count(*) FROM plain").await, "3");
}
