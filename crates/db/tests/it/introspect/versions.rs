//! What only newer servers know.

use seedbed_schema::{Base, TypeShape};

use super::{read, table, with};

#[tokio::test]
async fn collations_of_columns_and_domains() {
    let (_, session) = with("").await;
    // Some servers are built without ICU.
    let icu = "SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'";
    if session.value(icu).await.unwrap().is_none() {
        return;
    }
    session
        .batch(
            "CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
             CREATE DOMAIN label AS text COLLATE blind; \
             CREATE TABLE t (a text COLLATE blind, b label, c text)",
        )
        .await
        .unwrap();
    let schema = read(&session).await;
    let t = table(&schema, "public.t");
    for name in ["a", "b"] {
        let collation = t.column(name).unwrap().collation.as_ref().unwrap();
        assert_eq!((collation.name.as_str(), collation.deterministic), ("public.blind", false));
    }
    assert_eq!(t.column("c").unwrap().collation, None);
}

#[tokio::test]
async fn multiranges_from_14() {
    let (_, session) = with("CREATE TYPE span AS RANGE (subtype = float8)").await;
    if session.server_version().0 < 14 {
        return;
    }
    session.batch("CREATE TABLE t (a int4multirange, b span, c span_multirange)").await.unwrap();
    let schema = read(&session).await;
    let shape = |name| &table(&schema, "public.t").column(name).unwrap().data_type.shape;
    for (name, base) in [("a", Base::Int4), ("c", Base::Float8)] {
        let TypeShape::Multirange(part) = shape(name) else { panic!("{:?}", shape(name)) };
        assert_eq!(part.shape, TypeShape::Base(base));
    }
    assert!(matches!(shape("b"), TypeShape::Range(part) if part.sql == "double precision"));
}

#[tokio::test]
async fn nulls_that_are_equal_from_15() {
    let (_, session) = with("CREATE TABLE t (a integer, b integer UNIQUE)").await;
    if session.server_version().0 < 15 {
        return;
    }
    let before = session.catalog_fingerprint().await.unwrap();
    session.batch("ALTER TABLE t ADD CONSTRAINT same UNIQUE NULLS NOT DISTINCT (a)").await.unwrap();
    assert_ne!(session.catalog_fingerprint().await.unwrap(), before);
    let schema = read(&session).await;
    let keys = &table(&schema, "public.t").keys;
    let found = keys.iter().map(|key| (key.name.as_str(), key.nulls_not_distinct));
    assert_eq!(Vec::from_iter(found), [("same", true), ("t_b_key", false)]);
}

#[tokio::test]
async fn what_18_brought() {
    let (_, session) = with("CREATE TABLE p (id integer PRIMARY KEY)").await;
    if session.server_version().0 < 18 {
        return;
    }
    session
        .batch(
            "CREATE TABLE t (a integer CONSTRAINT lax CHECK (a > 0) NOT ENFORCED, \
               p integer CONSTRAINT loose REFERENCES p NOT ENFORCED, \
               twice integer GENERATED ALWAYS AS (a * 2) VIRTUAL, u uuid DEFAULT uuidv7(), \
               CONSTRAINT filled NOT NULL p)",
        )
        .await
        .unwrap();
    let schema = read(&session).await;
    let t = table(&schema, "public.t");
    assert_eq!(
        Vec::from_iter(t.checks.iter().map(|it| (it.name.as_str(), it.enforced))),
        [("lax", false)]
    );
    assert!(!t.foreign_keys[0].enforced);
    assert!(t.column("p").unwrap().not_null);
    assert!(t.column("u").unwrap().surrogate);
    let twice = t.column("twice").unwrap().generated.as_ref().unwrap();
    assert_eq!((twice.expression.as_str(), twice.stored), ("a * 2", false));

    let before = session.catalog_fingerprint().await.unwrap();
    session.batch("ALTER TABLE t ALTER CONSTRAINT loose ENFORCED").await.unwrap();
    assert_ne!(session.catalog_fingerprint().await.unwrap(), before);

    session
        .batch(
            "CREATE TABLE rooms (room int4range, during daterange, \
               CONSTRAINT rooms_pkey PRIMARY KEY (room, during WITHOUT OVERLAPS)); \
             CREATE TABLE stays (room int4range, during daterange, CONSTRAINT in_room \
               FOREIGN KEY (room, PERIOD during) REFERENCES rooms (room, PERIOD during))",
        )
        .await
        .unwrap();
    let schema = read(&session).await;
    // The server's own operator classes need no extension for ranges.
    let rooms = table(&schema, "public.rooms");
    assert!(rooms.keys.is_empty());
    assert_eq!(rooms.exclusions[0].operators, ["=", "&&"]);
    assert!(table(&schema, "public.stays").foreign_keys[0].period);
}
