//! What must be journaled, read from `pg_catalog`.

use std::collections::HashMap;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::Session;

use super::key::{Key, KeyColumn};

/// A table that holds rows, ready to be put into SQL.
#[derive(Debug)]
pub(super) struct Table {
    /// `pg_class.oid`, which a clone keeps.
    pub(super) oid: String,
    /// Quoted and qualified.
    pub(super) name: String,
    /// Foreign tables hold their rows elsewhere.
    pub(super) is_foreign: bool,
    /// Part of a partition or inheritance tree: rows arrive through other
    /// tables, and a statement trigger there would see other columns.
    pub(super) is_member: bool,
    /// The columns that can be written: `a, "B"`; empty if there are none.
    pub(super) columns: String,
    /// The same as fields of `r`: `(r).a, (r)."B"`.
    pub(super) fields: String,
    /// Why it cannot be rewound.
    pub(super) refusal: Option<String>,
    /// What is stored of a row named `\u{1}`, where columns are virtual: they
    /// are NULL in transition tables and not in queries.
    stored: Option<String>,
    pub(super) key: Key,
}

impl Table {
    /// A row named `row` as text: `(o.*)`, never `o`, because a column of that
    /// name would win over the alias.
    pub(super) fn image(&self, row: &str) -> String {
        match &self.stored {
            Some(stored) => format!("ROW({})::text", stored.replace('\u{1}', row)),
            None => format!("({row}.*)::text"),
        }
    }
}

/// A sequence and its cache size.
pub(super) struct SequenceRow {
    pub(super) oid: String,
    pub(super) name: String,
    pub(super) cache: String,
}

const SEQUENCES: &str = "SELECT s.seqrelid, s.seqrelid::regclass::text, s.seqcache \
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid WHERE c.relpersistence <> 't'";

/// Columns of this type are written as the locale of the session says.
const MONEY: &str = "SELECT EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
    WHERE a.attrelid >= 16384 AND 'money'::regtype IN (t.oid, t.typelem, t.typbasetype))";

/// Reads every table. The search path must be empty, so that names come out
/// qualified.
pub(super) async fn tables(session: &Session) -> Result<Vec<Table>> {
    let mut keys = keys(session).await?;
    let rows = session.rows(include_str!("sql/tables.sql")).await?;
    rows.into_iter()
        .map(|row| {
            let [oid, name, kind, member, columns, fields, refusal, stored] = fields(row)?;
            let oid = text(oid)?;
            Ok(Table {
                key: keys.remove(&oid).unwrap_or_default(),
                oid,
                name: text(name)?,
                is_foreign: kind.as_deref() == Some("foreign"),
                is_member: member.as_deref() == Some("t"),
                columns: columns.unwrap_or_default(),
                fields: fields.unwrap_or_default(),
                refusal,
                stored,
            })
        })
        .collect()
}

/// Reads every sequence, under the same condition.
pub(super) async fn sequences(session: &Session) -> Result<Vec<SequenceRow>> {
    let rows = session.rows(SEQUENCES).await?;
    rows.into_iter()
        .map(|row| {
            let [oid, name, cache] = fields(row)?;
            Ok(SequenceRow { oid: text(oid)?, name: text(name)?, cache: text(cache)? })
        })
        .collect()
}

/// Whether any column depends on `lc_monetary`.
pub(super) async fn has_money(session: &Session) -> Result<bool> {
    Ok(session.value(MONEY).await?.as_deref() == Some("t"))
}

async fn keys(session: &Session) -> Result<HashMap<String, Key>> {
    let mut keys: HashMap<String, Key> = HashMap::new();
    for row in session.rows(include_str!("sql/keys.sql")).await? {
        let [oid, identifies, name, type_name, equals, is_array] = fields(row)?;
        let key = keys.entry(text(oid)?).or_default();
        key.identifies = identifies.as_deref() == Some("t");
        key.columns.push(KeyColumn {
            name: text(name)?,
            type_name: text(type_name)?,
            equals: text(equals)?,
            is_array: is_array.as_deref() == Some("t"),
        });
    }
    Ok(keys)
}

/// The columns of a row of a query of ours.
pub(crate) fn fields<T, const N: usize>(row: Vec<T>) -> Result<[T; N]> {
    row.try_into().map_err(|row: Vec<T>| {
        Failure::new(Kind::Bug, format!("a query returned {} columns, not {N}", row.len()))
    })
}

fn text(column: Option<String>) -> Result<String> {
    column.ok_or_else(|| Failure::new(Kind::Bug, "a query of the catalog returned NULL"))
}
