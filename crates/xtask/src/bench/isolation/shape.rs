//! The schemas that are measured: chains of ten tables that refer to each
//! other, each table with a sequence, three indexes and fifty rows, and beside
//! them one table, `big`, that makes the database as large as it is.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::project;

/// Tables that refer to each other.
const CHAIN: usize = 10;
/// Rows of each table of a chain.
const ROWS: usize = 50;
/// Rows of `big` in a small database; more are touched at no time.
pub(crate) const FEW: u64 = 2_000;
/// Rows of `big`, of 1.2 kB each, in a large database.
pub(crate) const MANY: u64 = 850_000;

/// One schema and its rows.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// How it is called in figures.
    pub(crate) name: String,
    /// Tables in chains, `t1` and on.
    pub(crate) tables: usize,
    /// Rows of `big`.
    big: u64,
}

impl Shape {
    /// So many tables, at least thirty, and so many rows of `big`.
    pub(crate) fn new(tables: usize, big: u64) -> Self {
        let size = if big > FEW { ", 1 GB" } else { "" };
        Self { name: format!("{tables} tables{size}"), tables, big }
    }

    /// A word for names of files and databases.
    pub(crate) fn word(&self) -> String {
        self.name.replace(' ', "_").replace(',', "").to_lowercase()
    }

    /// Whether `big` is.
    pub(crate) fn is_large(&self) -> bool {
        self.big > FEW
    }

    /// What creates the tables.
    pub(crate) fn schema(&self) -> String {
        let mut sql = String::new();
        for table in 1..=self.tables {
            let parent = match table % CHAIN {
                1 => String::new(),
                _ => format!(" REFERENCES t{} (id)", table - 1),
            };
            let _ = write!(
                sql,
                "CREATE TABLE t{table} (\n\
                 \x20   id bigserial PRIMARY KEY,\n\
                 \x20   number bigint NOT NULL UNIQUE,\n\
                 \x20   parent_id bigint{parent},\n\
                 \x20   name text NOT NULL DEFAULT 'a name',\n\
                 \x20   amount numeric(12, 2) NOT NULL DEFAULT 0,\n\
                 \x20   created_at timestamptz NOT NULL DEFAULT now()\n\
                 );\nCREATE INDEX t{table}_by_parent ON t{table} (parent_id);\n"
            );
        }
        sql.push_str(
            "CREATE TABLE big (\n\
             \x20   id bigserial PRIMARY KEY,\n\
             \x20   number bigint NOT NULL UNIQUE,\n\
             \x20   amount numeric(12, 2) NOT NULL DEFAULT 0,\n\
             \x20   text text NOT NULL DEFAULT '',\n\
             \x20   created_at timestamptz NOT NULL DEFAULT now()\n\
             );\nCREATE INDEX big_by_time ON big (created_at);\n",
        );
        sql
    }

    /// What fills them. The table before has a row for every reference.
    pub(crate) fn rows(&self) -> String {
        let mut sql = String::new();
        for table in 1..=self.tables {
            let _ = writeln!(
                sql,
                "INSERT INTO t{table} (number, parent_id) \
                 SELECT n, {} FROM generate_series(1, {ROWS}) AS n;",
                if table % CHAIN == 1 { "NULL" } else { "n" }
            );
        }
        let _ = writeln!(
            sql,
            "INSERT INTO big (number, text) \
             SELECT n, repeat(md5(n::text), 31) FROM generate_series(1, {}) AS n;",
            self.big
        );
        // Without statistics the tests' own statements read the whole of `big`,
        // and what is measured after them is a processor with cold caches.
        sql.push_str("ANALYZE;\n");
        sql
    }

    /// A project as Seedbed meets it.
    pub(crate) fn project(&self, folder: &Path) -> Result<PathBuf> {
        let files =
            [("0001_schema".to_owned(), self.schema()), ("0002_rows".to_owned(), self.rows())];
        project::write(&folder.join(self.word()), &files)
    }

    /// Empties every table, as peers do it that do not know which are dirty.
    pub(crate) fn truncate_all(&self) -> String {
        let tables: Vec<String> = (1..=self.tables).map(|table| format!("t{table}")).collect();
        format!("TRUNCATE big, {} RESTART IDENTITY CASCADE", tables.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_its_tables_and_their_references() {
        let shape = Shape::new(30, FEW);
        let sql = shape.schema();
        assert_eq!(sql.matches("CREATE TABLE").count(), 31);
        assert_eq!(sql.matches("REFERENCES").count(), 27);
        assert_eq!(shape.rows().matches("INSERT INTO").count(), 31);
        assert_eq!(shape.truncate_all().matches(", ").count(), 30);
    }

    #[test]
    fn names_tell_shapes_apart() {
        assert_eq!(Shape::new(30, FEW).name, "30 tables");
        assert_eq!(Shape::new(30, MANY).word(), "30_tables_1_gb");
    }
}
