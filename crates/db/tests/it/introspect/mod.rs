//! Schemas read from real databases.

mod fingerprint;
mod outline;
mod rich;
mod surroundings;
mod versions;
mod wide;

use seedbed_db::{Session, Target};
use seedbed_schema::{Schema, Table};

use crate::ground::{database, session};

const RICH: &str = include_str!("rich.sql");

/// A database in which a script has run, and a session in it.
async fn with(script: &str) -> (Target, Session) {
    let target = database();
    let session = session(&target).await;
    session.batch(script).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    (target, session)
}

async fn read(session: &Session) -> Schema {
    session.schema().await.unwrap_or_else(|failure| panic!("{}", failure.chain()))
}

fn table<'a>(schema: &'a Schema, name: &str) -> &'a Table {
    schema.tables.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", schema.tables.keys()))
}

/// Makes an extension if the server comes with it.
async fn has_extension(session: &Session, name: &str, place: &str) -> bool {
    let question = format!("SELECT 1 FROM pg_available_extensions WHERE name = '{name}'");
    let there = session.value(&question).await.unwrap().is_some();
    if there {
        session.batch(&format!("CREATE EXTENSION {name} SCHEMA {place}")).await.unwrap();
    }
    there
}
