//! Keys that hold a reference to a row of the same table.

use std::sync::Arc;

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;
use tokio::sync::Barrier;

use super::ground::{Maker, call, fingerprint};

const TABLES: &str = "CREATE TABLE folders (id serial PRIMARY KEY, \
      parent_id int REFERENCES folders, slug text NOT NULL, note text, \
      UNIQUE (slug, parent_id), CHECK (parent_id <> id));
    CREATE TABLE cats (id serial PRIMARY KEY, parent_id int REFERENCES cats, \
      name text NOT NULL, UNIQUE (parent_id, name));
    CREATE TABLE bosses (id serial PRIMARY KEY, boss int NOT NULL REFERENCES bosses, \
      code text NOT NULL, UNIQUE (boss, code))";

async fn made_once(maker: &Maker, call: &Call) {
    assert!(maker.make(call).await.outcomes.iter().all(|one| *one == Outcome::Created));
    let before = fingerprint(maker).await;
    assert!(maker.make(call).await.outcomes.iter().all(|one| *one == Outcome::Matched));
    assert_eq!(fingerprint(maker).await, before, "{call:?}");
}

#[tokio::test]
async fn a_row_that_need_not_refer_to_itself_does_not() {
    let maker = Maker::new(TABLES).await;
    for table in ["folders", "cats"] {
        let name = if table == "cats" { "name" } else { "slug" };
        made_once(&maker, &call(table, &[])).await;
        made_once(&maker, &call(table, &[(name, "x")])).await;
        let loops = format!("SELECT count(*) FROM {table} WHERE parent_id IS NOT NULL");
        assert_eq!(maker.value(&loops).await, "0");
        maker.make(&Call { count: Some(4), ..call(table, &[]) }).await;
        assert_eq!(maker.value(&format!("SELECT count(*) FROM {table}")).await, "5");
        assert_eq!(maker.value(&loops).await, "0");
        // With a parent the key is whole.
        made_once(&maker, &call(table, &[(name, "x"), ("parent_id", "1")])).await;
        let told = maker.factory.explain(&call(table, &[(name, "x")])).unwrap();
        assert_eq!(told.index, None);
        let why = "parent_id may refer to a row of its own table, and is NULL unless it is passed";
        assert!(told.lost.iter().any(|lost| lost.why == why), "{told:?}");
    }
}

/// Sessions that make the same row at the same time.
async fn race(maker: &Maker, call: Call) {
    const SESSIONS: usize = 8;
    let barrier = Arc::new(Barrier::new(SESSIONS));
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let (other, barrier, call) = (maker.beside().await, Arc::clone(&barrier), call.clone());
        sessions.push(tokio::spawn(async move {
            barrier.wait().await;
            other.make_in(&call, Manner::Autocommit).await;
        }));
    }
    for session in sessions {
        session.await.unwrap();
    }
}

#[tokio::test]
async fn sessions_that_make_such_a_row_make_it_once() {
    let maker = Maker::new(TABLES).await;
    let rows = [("bosses", "code"), ("cats", "name"), ("folders", "slug")];
    for (table, name) in rows {
        for value in ["a", "b", "c"] {
            race(&maker, call(table, &[(name, value)])).await;
        }
        assert_eq!(maker.value(&format!("SELECT count(*) FROM {table}")).await, "3", "{table}");
    }
    assert_eq!(maker.value("SELECT bool_and(boss = id) FROM bosses").await, "t");
}
