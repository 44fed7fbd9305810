//! Types that an extension brings, and keys under ICU's collations. A server
//! that comes without one of them is told, and the test has nothing to say of
//! it.

use std::io::Write as _;

use seedbed_api::plan::{Argument, Call, Outcome};
use seedbed_db::{Session, Target};
use seedbed_factory::Manner;

use super::ground::{Maker, call};
use crate::ground::{database, session};

/// Whether `question` has an answer; says what the server is without if not.
async fn has(session: &Session, what: &str, question: &str) -> bool {
    let there = session.value(question).await.unwrap().is_some();
    if !there {
        let _ = writeln!(std::io::stderr(), "SKIPPED: the server comes without {what}");
    }
    there
}

/// A database with an extension.
async fn with_extension(name: &str) -> Option<Target> {
    let target = database();
    let session = session(&target).await;
    let question = format!("SELECT 1 FROM pg_available_extensions WHERE name = '{name}'");
    if !has(&session, name, &question).await {
        return None;
    }
    session.batch(&format!("CREATE EXTENSION {name}")).await.unwrap();
    Some(target)
}

async fn with_icu() -> Option<(Target, Session)> {
    let target = database();
    let session = session(&target).await;
    let icu = "SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'";
    has(&session, "ICU", icu).await.then_some((target, session))
}

/// Rows of a table whose columns `plain`, `listed` and the key `own` are of
/// this type; made again they are found.
async fn fills(extension: &str) {
    let Some(target) = with_extension(extension).await else { return };
    let sql = format!(
        "CREATE TABLE shelf (id serial PRIMARY KEY, own {extension} NOT NULL UNIQUE, \
           plain {extension} NOT NULL, listed {extension}[] NOT NULL)"
    );
    session(&target).await.batch(&sql).await.unwrap();
    let maker = Maker::on(target).await;
    let many = Call { count: Some(40), ..call("shelf", &[]) };
    for expected in [Outcome::Created, Outcome::Matched] {
        assert_eq!(maker.make(&many).await.outcomes, [expected; 40], "{extension}");
    }
    let filled = "SELECT count(DISTINCT own::text) || ' ' || count(nullif(plain::text, '')) || ' ' || \
                  count(nullif(listed::text, '{}')) FROM shelf";
    assert_eq!(maker.value(filled).await, "40 40 40", "{extension}");
    // What was made can be named: the row is found by its key.
    let one = maker.value("SELECT own::text FROM shelf ORDER BY id LIMIT 1").await;
    let again = maker.make(&call("shelf", &[("own", &one)])).await;
    assert_eq!((again.outcome(), again.get(0, "id")), (Outcome::Matched, Some("1")), "{extension}");
}

#[tokio::test]
async fn hstore_is_filled() {
    fills("hstore").await;
}

#[tokio::test]
async fn ltree_is_filled() {
    fills("ltree").await;
}

#[tokio::test]
async fn citext_is_filled_and_found_in_any_case() {
    fills("citext").await;
    let Some(target) = with_extension("citext").await else { return };
    let users = "CREATE TABLE users (id serial PRIMARY KEY, email citext NOT NULL UNIQUE)";
    session(&target).await.batch(users).await.unwrap();
    let maker = Maker::on(target).await;
    let made = maker.make(&call("users", &[("email", "Alice@example.com")])).await;
    assert_eq!(made.outcome(), Outcome::Created);
    let again = maker.make(&call("users", &[("email", "alice@EXAMPLE.com")])).await;
    assert_eq!((again.outcome(), again.get(0, "id")), (Outcome::Matched, Some("1")));
}

#[tokio::test]
async fn a_key_under_a_collation_blind_to_case_is_one_key() {
    let Some((target, session)) = with_icu().await else { return };
    let sql = "CREATE COLLATION blind \
                 (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
               CREATE TABLE tags (id serial PRIMARY KEY, name text COLLATE blind NOT NULL UNIQUE)";
    session.batch(sql).await.unwrap();
    let maker = Maker::on(target).await;
    let many = Call { count: Some(200), ..call("tags", &[]) };
    for expected in [Outcome::Created, Outcome::Matched] {
        assert_eq!(maker.make(&many).await.outcomes, [expected; 200]);
    }
    let made = maker.make(&call("tags", &[("name", "Straße")])).await;
    assert_eq!(made.outcome(), Outcome::Created);
    let again = maker.make(&call("tags", &[("name", "STRASSE")])).await;
    let found = maker.value("SELECT id FROM tags WHERE name = 'STRASSE'").await;
    assert_eq!(again.get(0, "id"), Some(found.as_str()));
    for name in ["straße", "STRAßE"] {
        let again = maker.make(&call("tags", &[("name", name)])).await;
        assert_eq!((again.outcome(), again.get(0, "id")), (Outcome::Matched, made.get(0, "id")));
    }
    // Two names of one call that the collation holds for one.
    let names = ["Red", "RED", "blue"].map(|name| Some(name.to_owned())).to_vec();
    let mut three = Call { count: Some(3), ..call("tags", &[]) };
    three.set.insert("name".to_owned(), Argument::Each(names));
    let three = maker.make_in(&three, Manner::Autocommit).await;
    let rows = &three.iter().find(|made| made.binding == "tags").unwrap().rows;
    assert_eq!(rows[0][0], rows[1][0]);
    assert_ne!(rows[0][0], rows[2][0]);
}

#[tokio::test]
async fn a_key_under_a_language_of_icu_keeps_what_differs_apart() {
    let Some((target, session)) = with_icu().await else { return };
    let sql = "CREATE TABLE places \
                 (id serial PRIMARY KEY, name text COLLATE \"de-x-icu\" NOT NULL UNIQUE, \
                  code varchar(8) COLLATE \"und-x-icu\" NOT NULL UNIQUE)";
    session.batch(sql).await.unwrap();
    let maker = Maker::on(target).await;
    let many = Call { count: Some(200), ..call("places", &[]) };
    for expected in [Outcome::Created, Outcome::Matched] {
        assert_eq!(maker.make(&many).await.outcomes, [expected; 200]);
    }
    for name in ["Köln", "köln", "Ko\u{308}ln"] {
        let made = maker.make(&call("places", &[("name", name)])).await;
        assert_eq!(made.outcome(), Outcome::Created, "{name}");
    }
}

/// Extensions in a schema that no path has, as hosted databases keep them and
/// `pg_dump` leaves the path.
#[tokio::test]
async fn an_extension_off_the_search_path_compares_as_on_it() {
    let target = database();
    let session = session(&target).await;
    for name in ["citext", "ltree"] {
        let question = format!("SELECT 1 FROM pg_available_extensions WHERE name = '{name}'");
        if !has(&session, name, &question).await {
            return;
        }
    }
    let sql = "CREATE SCHEMA \"ext.s\"; CREATE SCHEMA app;
        CREATE EXTENSION citext SCHEMA \"ext.s\"; CREATE EXTENSION ltree SCHEMA \"ext.s\";
        CREATE DOMAIN app.mail AS \"ext.s\".citext;
        CREATE TABLE app.ci (id serial PRIMARY KEY, e \"ext.s\".citext NOT NULL UNIQUE, \
          m app.mail, p \"ext.s\".ltree);
        CREATE TABLE app.tree (path \"ext.s\".ltree NOT NULL UNIQUE, name app.mail);
        CREATE TABLE app.folded (id serial PRIMARY KEY, e text NOT NULL);
        CREATE UNIQUE INDEX ON app.folded ((e::\"ext.s\".citext));
        CREATE TABLE app.loose (e \"ext.s\".citext NOT NULL)";
    session.batch(sql).await.unwrap();
    for path in ["public", "''", "app, \"ext.s\", public"] {
        session.batch("TRUNCATE app.ci, app.tree, app.folded, app.loose").await.unwrap();
        let maker = Maker::on(target.clone()).await;
        maker.batch(&format!("SET search_path = {path}")).await;
        for (table, upper, lower, other) in [
            ("app.ci", vec![("e", "A"), ("m", "M"), ("p", "x.y")], ("e", "a"), ("m", "m")),
            ("app.tree", vec![("path", "a.b"), ("name", "N")], ("path", "a.b"), ("name", "n")),
            ("app.folded", vec![("e", "A")], ("e", "a"), ("e", "a")),
            ("app.loose", vec![("e", "A")], ("e", "a"), ("e", "a")),
        ] {
            let place = format!("{table} by {path}");
            assert_eq!(
                maker.make(&call(table, &upper)).await.outcome(),
                Outcome::Created,
                "{place}"
            );
            for again in [&upper[..], &[lower, other]] {
                let again = call(table, again);
                assert_eq!(maker.make(&again).await.outcome(), Outcome::Matched, "{place}");
            }
            let mut many = Call { count: Some(2), ..call(table, &[]) };
            let (mine, yours) = (lower.1, if table == "app.tree" { "c" } else { "B" });
            many.set.insert(lower.0.to_owned(), super::ground::each(&[mine, yours]));
            let made = maker.make(&many).await;
            assert_eq!(made.outcomes, [Outcome::Matched, Outcome::Created], "{place}");
            assert_eq!(maker.make(&many).await.outcomes, [Outcome::Matched; 2], "{place}");
            if table != "app.loose" {
                for expected in [Outcome::Created, Outcome::Matched] {
                    let generated = Call { count: Some(3), ..call(table, &[]) };
                    assert_eq!(maker.make(&generated).await.outcomes, [expected; 3], "{place}");
                }
            }
        }
        let changed = call("app.tree", &[("path", "a.b"), ("name", "other")]);
        assert_eq!(maker.make(&changed).await.outcome(), Outcome::Updated, "{path}");
    }
}
