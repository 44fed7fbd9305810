//! Who asks, from where, and what is not theirs to see.

use seedbed_api::Kind;
use seedbed_db::Target;
use seedbed_schema::Lookup;

use super::{RICH, has_extension, read, table, with};
use crate::ground::{SERVER, session, unique};

const SETTINGS: &str = "SELECT name, setting FROM pg_settings ORDER BY name";

/// Settings that change how the server writes expressions.
const ODD: &str = "SET search_path = \"Odd Schema\", app, nowhere, \"$user\"; \
    SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET TimeZone = 'Asia/Tokyo'; \
    SET extra_float_digits = -5; SET bytea_output = 'escape'; SET quote_all_identifiers = on";

#[tokio::test]
async fn settings_neither_matter_nor_stay() {
    let (_, session) = with(RICH).await;
    let plain = read(&session).await;
    assert_eq!(plain.search_path, ["public"]);
    session.batch(ODD).await.unwrap();
    let before = session.rows(SETTINGS).await.unwrap();
    let mut odd = read(&session).await;
    assert_eq!(odd.search_path, ["Odd Schema", "app"]);
    odd.search_path.clone_from(&plain.search_path);
    assert_eq!(odd, plain);
    assert_eq!(session.rows(SETTINGS).await.unwrap(), before);
}

#[tokio::test]
async fn an_open_transaction_is_left_as_it_was() {
    let (_, session) = with("CREATE TABLE old (id integer)").await;
    session
        .batch(
            "SET search_path = public; BEGIN; SET LOCAL search_path = public, pg_temp; \
             SET TimeZone = 'Asia/Tokyo'; CREATE TABLE young (id integer); SAVEPOINT here",
        )
        .await
        .unwrap();
    let local = session.rows(SETTINGS).await.unwrap();
    let schema = read(&session).await;
    assert_eq!(Vec::from_iter(schema.tables.keys()), ["public.old", "public.young"]);
    assert_eq!(session.rows(SETTINGS).await.unwrap(), local);
    session.batch("ROLLBACK TO here; COMMIT").await.unwrap();
    assert_eq!(session.value("SHOW search_path").await.unwrap().unwrap(), "public");
    assert_eq!(session.value("SHOW TimeZone").await.unwrap().unwrap(), "Asia/Tokyo");

    session.batch("BEGIN READ ONLY; SET LOCAL statement_timeout = 9999").await.unwrap();
    assert_eq!(read(&session).await.tables.len(), 2);
    session.catalog_fingerprint().await.unwrap();
    assert_eq!(session.value("SHOW statement_timeout").await.unwrap().unwrap(), "9999ms");
    let failure = session.batch("SELECT 1 / 0").await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Database);
    // A transaction that failed answers nothing, and says so.
    assert!(session.schema().await.unwrap_err().chain().contains("25P02"));
}

#[tokio::test]
async fn rights_are_those_of_the_connected_role() {
    let role = unique("plain");
    let (target, owner) = with(&format!(
        "CREATE ROLE {role} LOGIN; CREATE SCHEMA closed; CREATE TABLE closed.inside (id integer); \
         CREATE TABLE nothing (id integer); CREATE TABLE readable (id integer); \
         CREATE TABLE columns (id integer, note text); CREATE TABLE all_of_it (id integer); \
         GRANT SELECT ON readable TO {role}; GRANT INSERT (note), SELECT (id) ON columns TO {role}; \
         GRANT ALL ON all_of_it, closed.inside TO {role}"
    ))
    .await;
    let target = Target::parse(&SERVER.socket_url(&role, &target.database)).unwrap();
    let plain = session(&target).await;
    assert!(!plain.is_superuser());
    let schema = read(&plain).await;
    for (name, may_select, may_insert) in [
        ("closed.inside", false, false),
        ("public.nothing", false, false),
        ("public.readable", true, false),
        ("public.columns", true, true),
        ("public.all_of_it", true, true),
    ] {
        let table = table(&schema, name);
        assert_eq!((table.may_select, table.may_insert), (may_select, may_insert), "{name}");
    }
    let before = plain.catalog_fingerprint().await.unwrap();
    owner.batch(&format!("GRANT USAGE ON SCHEMA closed TO {role}")).await.unwrap();
    assert_ne!(plain.catalog_fingerprint().await.unwrap(), before);
    assert!(read(&plain).await.tables["closed.inside"].may_insert);
    plain.close().await;
    owner.batch(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}

#[tokio::test]
async fn what_seedbed_and_the_server_keep_is_not_the_users() {
    let (_, session) = with(
        "CREATE TABLE users (id integer PRIMARY KEY); CREATE TEMPORARY TABLE passing (id integer); \
         CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
         CREATE TRIGGER mine BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION mine();",
    )
    .await;
    let before = (read(&session).await, session.catalog_fingerprint().await.unwrap());
    assert_eq!(before.0.tables.len(), 1);
    for schema in ["seedbed_journal", "seedbed_truncate"] {
        session
            .batch(&format!(
                "CREATE SCHEMA {schema}; CREATE TABLE {schema}.entry (id integer PRIMARY KEY); \
                 CREATE TYPE {schema}.kind AS ENUM ('a'); \
                 CREATE FUNCTION {schema}.note() RETURNS trigger LANGUAGE plpgsql \
                   AS 'BEGIN RETURN NEW; END'; \
                 CREATE TRIGGER {schema}_row BEFORE INSERT OR UPDATE ON users \
                   FOR EACH ROW EXECUTE FUNCTION {schema}.note();"
            ))
            .await
            .unwrap();
    }
    let after = read(&session).await;
    assert_eq!(after, before.0);
    assert_eq!(after.tables["public.users"].triggers.len(), 1);
    session.batch("CREATE TEMPORARY TABLE more (id integer PRIMARY KEY, note text)").await.unwrap();
    assert_eq!(read(&session).await, before.0);
}

#[tokio::test]
async fn extensions_give_types_and_keep_their_tables() {
    let (_, session) = with("CREATE SCHEMA ext; CREATE TABLE users (id integer)").await;
    let mut columns = 0;
    for (name, written) in
        [("citext", "citext"), ("hstore", "hstore"), ("ltree", "ltree"), ("vector", "vector(3)")]
    {
        if !has_extension(&session, name, "ext").await {
            continue;
        }
        columns += 1;
        session.batch(&format!("ALTER TABLE users ADD {name} ext.{written}")).await.unwrap();
        let schema = read(&session).await;
        let column = table(&schema, "public.users").column(name).unwrap();
        assert_eq!(column.data_type.sql, format!("ext.{written}"));
        let base = serde_json::to_value(&column.data_type.shape).unwrap();
        let expected = match name {
            "citext" => serde_json::json!({"Base": "Citext"}),
            "hstore" => serde_json::json!({"Base": "Hstore"}),
            "ltree" => serde_json::json!({"Base": "Ltree"}),
            _ => serde_json::json!({"Base": {"Vector": 3}}),
        };
        assert_eq!(base, expected);
    }
    assert!(columns > 0, "the server comes with no extension that this test knows");

    let before = session.catalog_fingerprint().await.unwrap();
    session
        .batch("CREATE TABLE owned (id integer); CREATE TABLE refers (id integer)")
        .await
        .unwrap();
    session.batch("ALTER EXTENSION plpgsql ADD TABLE owned").await.unwrap();
    let schema = read(&session).await;
    assert!(matches!(schema.find("owned"), Lookup::Unknown(_)));
    assert!(matches!(schema.find("refers"), Lookup::Found(_)));
    assert_ne!(session.catalog_fingerprint().await.unwrap(), before);
    let before = session.catalog_fingerprint().await.unwrap();
    session.batch("ALTER EXTENSION plpgsql DROP TABLE owned").await.unwrap();
    assert_ne!(session.catalog_fingerprint().await.unwrap(), before);
}
