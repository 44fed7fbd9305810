//! The script of a plan and what it reports.
//!
//! All deletions are one statement and all insertions another. Foreign keys
//! are checked, and their actions run, when a statement ends, so neither
//! tables nor cycles of them need an order: by then the rows an action looks
//! for are gone as well. Deferrable constraints are deferred on top, because a
//! row that is put back may have been deleted a statement earlier.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use seedbed_api::{Failure, Kind, Result};

use super::plan::Plan;
use super::relation::{Oid, Schema, number, oid};
use crate::journal::fields;

impl Plan {
    /// The script, to be run in a transaction. It returns rows of three texts:
    /// `deleted` or `inserted`, table and number of rows; `noted` and table
    /// for every other table that something wrote to meanwhile.
    pub(super) fn script(&self, schema: &Schema) -> Result<String> {
        let mut sql = "SET CONSTRAINTS ALL DEFERRED;\n".to_owned();
        for (_, (off, _)) in self.switches(schema) {
            sql.push_str(off);
        }
        let mut truncated = Vec::new();
        for root in &self.truncate {
            let relation = schema.relation(*root)?;
            let only = if relation.is_partitioned { "" } else { "ONLY " };
            truncated.push(format!("{only}{}", relation.name));
        }
        if !truncated.is_empty() {
            // RESTRICT: a reference that is not known is an error.
            let _ = writeln!(sql, "TRUNCATE {} RESTRICT;", truncated.join(", "));
        }
        let deletions: Result<Vec<_>> = self
            .clear
            .iter()
            .map(|rel| Ok((*rel, format!("DELETE FROM ONLY {}", schema.relation(*rel)?.name))))
            .chain(self.trim.keys().map(|rel| Ok((*rel, delete_extra(schema, *rel)?))))
            .collect();
        together(&mut sql, "deleted", &deletions?);
        let insertions: Result<Vec<_>> = self
            .fill
            .keys()
            .map(|rel| Ok((*rel, insert_missing(schema, *rel, self.whole.contains(rel))?)))
            .collect();
        together(&mut sql, "inserted", &insertions?);
        // Before triggers are switched back: pending checks would forbid it.
        sql.push_str("SET CONSTRAINTS ALL IMMEDIATE;\n");
        for (_, (_, back)) in self.switches(schema) {
            sql.push_str(back);
        }
        let tables: Vec<String> = self.tables(schema).iter().map(Oid::to_string).collect();
        let _ = write!(
            sql,
            "\nSELECT DISTINCT 'noted', m.holder::text, '0' FROM seedbed_truncate.dirty d \
             JOIN seedbed_truncate.member m ON m.rel = d.rel \
             WHERE d.xmin = pg_current_xact_id()::xid AND m.holder <> ALL ('{{{}}}'::oid[])",
            tables.join(",")
        );
        Ok(sql)
    }
}

/// What a script reported.
#[derive(Default)]
pub(super) struct Report {
    /// Rows deleted, by table.
    deleted: BTreeMap<Oid, u64>,
    /// Rows inserted, by table.
    inserted: BTreeMap<Oid, u64>,
    /// Other tables that a statement of the script wrote to.
    pub(super) noted: BTreeSet<Oid>,
}

impl Report {
    /// Reads what the script returned.
    pub(super) fn read(rows: Vec<Vec<Option<String>>>) -> Result<Self> {
        let mut report = Self::default();
        for row in rows {
            let [what, rel, count] = fields(row)?;
            let (rel, count) = (oid(rel.as_deref())?, number(count.as_deref())?);
            match what.as_deref() {
                Some("deleted") => report.deleted.insert(rel, count).is_none(),
                Some("inserted") => report.inserted.insert(rel, count).is_none(),
                Some("noted") => report.noted.insert(rel),
                _ => return Err(Failure::new(Kind::Bug, "a reset reported something unknown")),
            };
        }
        Ok(report)
    }

    /// Whether as many rows went and came as planned; a table that loses all
    /// may lose any number.
    pub(super) fn fits(&self, plan: &Plan) -> bool {
        plan.trim.iter().all(|(rel, rows)| self.deleted.get(rel) == Some(rows))
            && self.inserted == plan.fill
    }

    /// Rows deleted and inserted.
    pub(super) fn rows(&self) -> u64 {
        self.deleted.values().chain(self.inserted.values()).sum()
    }
}

/// Several data-modifying statements as one, which reports their counts.
fn together(sql: &mut String, what: &str, statements: &[(Oid, String)]) {
    if statements.is_empty() {
        return;
    }
    let parts: Vec<String> = statements
        .iter()
        .map(|(rel, statement)| format!("x{rel} AS ({statement} RETURNING 1)"))
        .collect();
    let counts: Vec<String> = statements
        .iter()
        .map(|(rel, _)| format!("SELECT '{what}', '{rel}', count(*)::text FROM x{rel}"))
        .collect();
    let _ = writeln!(sql, "WITH {} {};", parts.join(",\n"), counts.join(" UNION ALL "));
}

/// Deletes rows that the template did not hold. Which of equal ones goes does
/// not matter.
fn delete_extra(schema: &Schema, rel: Oid) -> Result<String> {
    let relation = schema.relation(rel)?;
    let (name, image) = (&relation.name, &relation.image);
    Ok(format!(
        "DELETE FROM ONLY {name} WHERE ctid = ANY (ARRAY(SELECT s.ctid FROM (\
           SELECT u.ctid, u.image, row_number() OVER (PARTITION BY u.image) AS nth \
           FROM (SELECT t.ctid, {image} AS image FROM ONLY {name} t) u) s \
         LEFT JOIN (SELECT k.image, count(*) AS n FROM seedbed_truncate.kept k \
           WHERE k.rel = {rel} GROUP BY 1) k ON k.image = s.image \
         WHERE s.nth > coalesce(k.n, 0)))"
    ))
}

/// Inserts rows of the template that are not there. OFFSET 0 keeps the planner
/// from parsing a row once for each column.
fn insert_missing(schema: &Schema, rel: Oid, whole: bool) -> Result<String> {
    let relation = schema.relation(rel)?;
    if relation.kept_rows == 0 {
        return Err(Failure::new(Kind::Bug, "a table without kept rows is to be filled"));
    }
    let (name, image) = (&relation.name, &relation.image);
    let images = if whole {
        format!("SELECT k.image FROM seedbed_truncate.kept k WHERE k.rel = {rel}")
    } else {
        format!(
            "SELECT k.image FROM (SELECT image, row_number() OVER (PARTITION BY image) AS nth \
               FROM seedbed_truncate.kept WHERE rel = {rel}) k \
             LEFT JOIN (SELECT {image} AS image, count(*) AS n FROM ONLY {name} t GROUP BY 1) s \
               ON s.image = k.image WHERE k.nth > coalesce(s.n, 0)"
        )
    };
    if relation.columns.is_empty() {
        return Ok(format!("INSERT INTO {name} SELECT FROM ({images}) x"));
    }
    Ok(format!(
        "INSERT INTO {name} ({}) OVERRIDING SYSTEM VALUE SELECT {} \
         FROM (SELECT x.image::{name} AS r FROM ({images}) x OFFSET 0) s",
        relation.columns, relation.fields
    ))
}
