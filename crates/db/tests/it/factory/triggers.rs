//! Triggers that write their own values into keys.

use seedbed_api::plan::{Call, Outcome};

use super::ground::{Maker, call, fingerprint};

/// `path` comes before `slug` by name. The second function hides what it writes.
fn categories(assignment: &str) -> String {
    format!(
        "CREATE TABLE categories (id serial PRIMARY KEY, path text NOT NULL UNIQUE, \
           slug text NOT NULL UNIQUE, name text);
         CREATE FUNCTION set_path() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           {assignment}; RETURN NEW; END $$;
         CREATE TRIGGER path BEFORE INSERT ON categories \
           FOR EACH ROW EXECUTE FUNCTION set_path();
         CREATE TABLE products (id serial PRIMARY KEY, name text NOT NULL UNIQUE, \
           category int NOT NULL REFERENCES categories)"
    )
}

const PLAIN: &str = "NEW.path := '/' || NEW.slug";

/// Makes rows of both tables twice.
async fn twice(maker: &Maker) {
    let calls = [
        call("products", &[("name", "tent")]),
        call("categories", &[]),
        Call { count: Some(3), ..call("categories", &[]) },
    ];
    for call in &calls {
        maker.make(call).await;
        let before = fingerprint(maker).await;
        let again = maker.make(call).await;
        assert!(again.outcomes.iter().all(|outcome| *outcome == Outcome::Matched), "{call:?}");
        assert_eq!(fingerprint(maker).await, before, "{call:?}");
    }
    assert_eq!(maker.value("SELECT count(*) FROM categories").await, "3");
    let rewritten = "SELECT bool_and(path = '/' || slug) FROM categories";
    assert_eq!(maker.value(rewritten).await, "t");
}

#[tokio::test]
async fn a_key_that_a_trigger_writes_is_not_chosen() {
    let maker = Maker::new(&categories(PLAIN)).await;
    let told = maker.factory.explain(&call("categories", &[])).unwrap();
    assert_eq!(told.key, ["slug"]);
    let many = Call { count: Some(3), ..call("categories", &[]) };
    assert_eq!(maker.make(&many).await.outcomes, [Outcome::Created; 3]);
    twice(&maker).await;
}

#[tokio::test]
async fn rows_whose_only_key_a_trigger_writes_are_found_by_content() {
    let tables = |assignment: &str, when: &str| {
        format!(
            "CREATE TABLE arts (id serial PRIMARY KEY, title text NOT NULL, \
               slug text NOT NULL UNIQUE);
             CREATE FUNCTION slugify() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               {assignment} RETURN NEW; END $$;
             CREATE TRIGGER slugify BEFORE INSERT ON arts FOR EACH ROW {when} \
               EXECUTE FUNCTION slugify();
             CREATE TABLE notes (id serial PRIMARY KEY, name text NOT NULL UNIQUE, \
               art int NOT NULL REFERENCES arts)"
        )
    };
    let assignment = "NEW.slug := lower(replace(NEW.title, ' ', '-'));";
    let maker = Maker::new(&tables(assignment, "")).await;
    let calls = [
        call("notes", &[("name", "n")]),
        call("arts", &[]),
        call("arts", &[("title", "Foo Bar")]),
        Call { count: Some(3), ..call("arts", &[]) },
    ];
    for call in &calls {
        maker.make(call).await;
        let before = fingerprint(&maker).await;
        let again = maker.make(call).await;
        assert!(again.outcomes.iter().all(|outcome| *outcome == Outcome::Matched), "{call:?}");
        assert_eq!(fingerprint(&maker).await, before, "{call:?}");
    }
    assert_eq!(maker.value("SELECT count(*) FROM arts").await, "4");
    assert_eq!(maker.value("SELECT count(*) FROM arts WHERE slug = 'foo-bar'").await, "1");
    // Who passes it says what the trigger makes of it.
    let passed = call("arts", &[("title", "Foo Bar"), ("slug", "foo-bar")]);
    assert_eq!(maker.make(&passed).await.outcome(), Outcome::Matched);
    // One that writes it only where nobody did leaves it a key.
    for (assignment, when) in [
        ("IF NEW.slug IS NULL THEN NEW.slug := NEW.title; END IF;", ""),
        ("NEW.slug := NEW.title;", "WHEN (NEW.slug IS NULL)"),
    ] {
        let maker = Maker::new(&tables(assignment, when)).await;
        assert_eq!(maker.factory.explain(&call("arts", &[])).unwrap().key, ["slug"]);
        assert_eq!(maker.make(&call("arts", &[])).await.outcome(), Outcome::Created);
        assert_eq!(maker.make(&call("arts", &[])).await.outcome(), Outcome::Matched);
    }
}

#[tokio::test]
async fn a_row_whose_key_was_rewritten_is_found_by_another() {
    let hidden = "NEW := jsonb_populate_record(NEW, \
                  jsonb_build_object('path', '/' || NEW.slug))";
    let maker = Maker::new(&categories(hidden)).await;
    let told = maker.factory.explain(&call("categories", &[])).unwrap();
    assert_eq!(told.key, ["path"]);
    assert!(told.lost.iter().any(|lost| lost.why.contains("found by this one too")), "{told:?}");
    twice(&maker).await;
}

#[tokio::test]
async fn keys_that_are_passed_still_may_not_match_different_rows() {
    let maker = Maker::new(&categories("NEW.name := coalesce(NEW.name, '')")).await;
    maker.batch("INSERT INTO categories (path, slug) VALUES ('/a', 'a'), ('/b', 'b')").await;
    let split = call("categories", &[("path", "/a"), ("slug", "b")]);
    let told = maker.told(&split, seedbed_factory::Manner::Autocommit).await;
    assert!(told.message.contains("matches different rows"), "{told:?}");
}

#[tokio::test]
async fn a_key_that_a_trigger_rewrites_is_told_at_once() {
    let maker = Maker::new(
        "CREATE FUNCTION fold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           NEW.email := lower(NEW.email); RETURN NEW; END $$;
         CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text);
         CREATE TRIGGER fold BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION fold();
         CREATE TABLE notes (id serial PRIMARY KEY, email text NOT NULL, data json);
         CREATE TRIGGER fold BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION fold();
         CREATE TABLE posts (id serial PRIMARY KEY, slug text NOT NULL UNIQUE, \
           author int NOT NULL REFERENCES users)",
    )
    .await;
    for table in ["users", "notes"] {
        let upper = call(table, &[("email", "A@X.test")]);
        for _ in 0..2 {
            let told = maker.told(&upper, seedbed_factory::Manner::Autocommit).await;
            assert!(told.message.contains("changed its key (email)"), "{told:?}");
            assert_eq!(maker.value(&format!("SELECT count(*) FROM {table}")).await, "0");
        }
        // As the trigger leaves it.
        let lower = call(table, &[("email", "a@x.test")]);
        assert_eq!(maker.make(&lower).await.outcome(), Outcome::Created);
        assert_eq!(maker.make(&lower).await.outcome(), Outcome::Matched);
    }
    let mut many = Call { count: Some(2), ..call("notes", &[]) };
    many.set.insert("email".to_owned(), super::ground::each(&["C@x.test", "d@x.test"]));
    let told = maker.told(&many, seedbed_factory::Manner::Autocommit).await;
    assert!(told.message.contains("changed its key"), "{told:?}");
    assert_eq!(maker.value("SELECT count(*) FROM notes").await, "1");
    many.set.insert("email".to_owned(), super::ground::each(&["c@x.test", "d@x.test"]));
    assert_eq!(maker.make(&many).await.outcomes, [Outcome::Created; 2]);
    assert_eq!(maker.make(&many).await.outcomes, [Outcome::Matched; 2]);
    let json = call("notes", &[("email", "b@x.test"), ("data", r#"{"b": 1, "a": 2}"#)]);
    assert_eq!(maker.make(&json).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&json).await.outcome(), Outcome::Matched);
    assert_eq!(maker.make(&call("posts", &[("slug", "s")])).await.outcome(), Outcome::Created);
}
