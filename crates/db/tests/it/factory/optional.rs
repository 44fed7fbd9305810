//! Columns that may be NULL, and must not where a condition of what is passed
//! says so.

use seedbed_api::plan::{Call, Outcome};
use seedbed_db::FactoryValues;
use seedbed_factory::Manner;

use super::ground::{Maker, call, each};

#[tokio::test]
async fn what_a_passed_value_asks_for_is_there_and_nothing_else() {
    let maker = Maker::new(
        "CREATE TABLE invoices (id serial PRIMARY KEY, number text NOT NULL UNIQUE,
           status text NOT NULL DEFAULT 'open', paid_at timestamptz, note text,
           CHECK (status <> 'paid' OR paid_at IS NOT NULL));
         CREATE TABLE issues (id serial PRIMARY KEY, title text NOT NULL UNIQUE,
           state text NOT NULL, closed_at timestamptz, reason text,
           CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
           CHECK (state = 'closed' OR reason IS NULL));
         CREATE TABLE vehicles (id serial PRIMARY KEY, plate text NOT NULL UNIQUE,
           type text NOT NULL, doors int, load numeric(8,2),
           CHECK (CASE type WHEN 'Car' THEN doors IS NOT NULL AND load IS NULL
                            WHEN 'Truck' THEN load IS NOT NULL AND doors IS NULL ELSE false END));
         CREATE FUNCTION is_published(status text, at timestamptz) RETURNS boolean IMMUTABLE
           LANGUAGE sql AS $$ SELECT coalesce(status <> 'published' OR at IS NOT NULL, false) $$;
         CREATE TABLE posts (id serial PRIMARY KEY, slug text NOT NULL UNIQUE,
           status text NOT NULL, published_at timestamptz, CHECK (is_published(status, published_at)));",
    )
    .await;
    for (table, column, value) in [
        ("invoices", "status", "paid"),
        ("issues", "state", "closed"),
        ("posts", "status", "published"),
    ] {
        // It is a row of its own, not one that cannot have this value.
        maker.make(&call(table, &[])).await;
        let made = maker.make(&call(table, &[(column, value)])).await;
        assert_eq!(made.outcome(), Outcome::Created, "{table}");
    }
    // The column that must be there, and the one that must not.
    for (table, column, value, filled, empty) in [
        ("invoices", "status", "paid", "paid_at", "note"),
        ("invoices", "status", "open", "id", "paid_at"),
        ("issues", "state", "closed", "closed_at", "reason"),
        ("issues", "state", "open", "id", "closed_at"),
        ("vehicles", "type", "Car", "doors", "load"),
        ("vehicles", "type", "Truck", "load", "doors"),
        ("posts", "status", "published", "published_at", ""),
        ("posts", "status", "draft", "id", "published_at"),
    ] {
        for count in [None, Some(3)] {
            let scope = format!("{table} {value} {count:?}");
            let asked = Call { count, scope: Some(scope), ..call(table, &[(column, value)]) };
            let made = maker.make(&asked).await;
            for row in 0..made.rows.len() {
                assert!(made.get(row, filled).is_some(), "{table} {value}: {filled}");
                assert!(empty.is_empty() || made.get(row, empty).is_none(), "{table}: {empty}");
            }
            assert_eq!(made.outcomes, vec![Outcome::Created; made.rows.len()]);
            let again = maker.make(&asked).await;
            assert_eq!(again.outcomes, vec![Outcome::Matched; made.rows.len()]);
            assert_eq!(again.rows, made.rows);
        }
    }
    // Nothing meets it: told, and no value of the sequence is drawn.
    let compiled = maker.factory.compile(&call("vehicles", &[("type", "Boat")])).unwrap();
    let mut values = FactoryValues::new(&maker.factory, &maker.runner);
    let ran = maker.runner.run(compiled, Manner::Autocommit, &mut values).await;
    let failure = ran.unwrap_err();
    assert!(failure.chain().contains("vehicles"), "{}", failure.chain());
    assert_eq!(maker.value("SELECT last_value FROM vehicles_id_seq").await, "8");
}

#[tokio::test]
async fn each_row_has_what_its_own_value_asks_for() {
    let maker = Maker::new(
        "CREATE TYPE state AS ENUM ('draft', 'live', 'gone');
         CREATE TABLE pages (id serial PRIMARY KEY, path text NOT NULL UNIQUE, state state NOT NULL,
           live_at timestamptz, gone_at timestamptz, hits int CHECK (hits > 0),
           CHECK ((state = 'draft') = (live_at IS NULL)),
           CHECK (state <> 'gone' OR (gone_at IS NOT NULL AND gone_at > live_at)));
         CREATE VIEW plain AS SELECT id, path, state FROM pages",
    )
    .await;
    let states = [("state".to_owned(), each(&["gone", "draft", "live"]))];
    let asked = Call { set: states.into(), ..call("pages", &[]) };
    let made = maker.make(&asked).await;
    let there =
        |row: usize| ["live_at", "gone_at", "hits"].map(|name| made.get(row, name).is_some());
    assert_eq!(there(0), [true, true, false]);
    assert_eq!(there(1), [false, false, false]);
    assert_eq!(there(2), [true, false, false]);
    assert_eq!(maker.make(&asked).await.rows, made.rows);
    // A view that hides the column shows the row that needs none.
    let through = Call { scope: Some("view".to_owned()), ..call("plain", &[("state", "draft")]) };
    maker.make(&through).await;
}

#[tokio::test]
async fn a_reference_that_a_passed_value_asks_for_is_made() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
         CREATE TABLE orgs (id serial PRIMARY KEY, slug text NOT NULL UNIQUE);
         CREATE TABLE tickets (id serial PRIMARY KEY, title text NOT NULL UNIQUE, status text NOT NULL,
           assignee_id int REFERENCES users, CHECK ((status = 'assigned') = (assignee_id IS NOT NULL)));
         CREATE TABLE owned (id serial PRIMARY KEY, path text NOT NULL UNIQUE, kind text NOT NULL,
           user_id int REFERENCES users, org_id int REFERENCES orgs,
           CHECK (kind = 'user' AND user_id IS NOT NULL AND org_id IS NULL
             OR kind = 'org' AND org_id IS NOT NULL AND user_id IS NULL))",
    )
    .await;
    for (table, column, value, there, absent) in [
        ("tickets", "status", "open", "id", "assignee_id"),
        ("tickets", "status", "assigned", "assignee_id", ""),
        ("owned", "kind", "user", "user_id", "org_id"),
        ("owned", "kind", "org", "org_id", "user_id"),
    ] {
        for count in [None, Some(3)] {
            let scope = Some(format!("{table} {value} {count:?}"));
            let asked = Call { count, scope, ..call(table, &[(column, value)]) };
            let made = maker.make(&asked).await;
            for row in 0..made.rows.len() {
                assert!(made.get(row, there).is_some(), "{table} {value}: {there}");
                assert!(absent.is_empty() || made.get(row, absent).is_none(), "{table} {value}");
            }
            assert_eq!(maker.make(&asked).await.rows, made.rows, "{table} {value}");
        }
    }
}
