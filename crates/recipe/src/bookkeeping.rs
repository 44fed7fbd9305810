//! The rows migrators keep about what they ran, so that the migrator inside
//! the user's application finds its schema current and runs nothing again.
//!
//! Invariant: tables and rows are those the migrator itself would have made,
//! except for its measurements (`execution_time`, the clock).

use sha2::{Digest, Sha384};

use crate::literal::literal;

/// sqlx: the statement of `ensure_migrations_table` in sqlx-postgres 0.9,
/// unchanged since 0.5.
const SQLX_TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
    success BOOLEAN NOT NULL,
    checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
)";

/// Diesel: `setup_migration_table.sql` of diesel 2.
const DIESEL_TABLE: &str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
       version VARCHAR(50) PRIMARY KEY NOT NULL,
       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)";

/// Diesel puts the search path back before it writes its row, because a
/// migration may have changed it (`MigrationConnection::read_search_path`).
const DIESEL_KEEP_PATH: &str =
    "SELECT set_config('seedbed.search_path', current_setting('search_path'), false)";
/// The other half of [`DIESEL_KEEP_PATH`].
const DIESEL_RESTORE_PATH: &str =
    "SELECT set_config('search_path', current_setting('seedbed.search_path'), false)";

/// What a migrator records about one migration.
#[derive(Clone, Debug)]
pub(crate) enum Bookkeeping {
    /// Nothing.
    None,
    /// A row in `_sqlx_migrations`.
    Sqlx {
        /// Number before the first `_` of the file name.
        version: i64,
        /// Rest of the file name, `_` read as a space.
        description: String,
    },
    /// A row in `__diesel_schema_migrations`.
    Diesel {
        /// Folder name before the first `_`, without `-`.
        version: String,
    },
}

impl Bookkeeping {
    /// Statements to run before the migration.
    pub(crate) fn before(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Sqlx { .. } => vec![SQLX_TABLE.to_owned()],
            Self::Diesel { .. } => vec![DIESEL_TABLE.to_owned(), DIESEL_KEEP_PATH.to_owned()],
        }
    }

    /// Statements to run after the migration, whose file holds `bytes`.
    pub(crate) fn after(&self, bytes: &[u8]) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Sqlx { version, description } => vec![format!(
                "INSERT INTO _sqlx_migrations \
                 (version, description, success, checksum, execution_time) \
                 VALUES ({version}, {}, TRUE, decode('{}', 'hex'), 0)",
                literal(description),
                hex(&Sha384::digest(bytes)),
            )],
            Self::Diesel { version } => vec![
                DIESEL_RESTORE_PATH.to_owned(),
                format!(
                    "INSERT INTO __diesel_schema_migrations (version) VALUES ({})",
                    literal(version)
                ),
            ],
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlx_rows_carry_the_sha_384_of_the_file() {
        let row = Bookkeeping::Sqlx { version: 7, description: "bob's table".into() };
        // `printf abc | sha384sum`
        assert_eq!(
            row.after(b"abc"),
            ["INSERT INTO _sqlx_migrations \
              (version, description, success, checksum, execution_time) \
              VALUES (7, 'bob''s table', TRUE, decode('\
              cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
              8086072ba1e7cc2358baeca134c825a7', 'hex'), 0)"]
        );
    }

    #[test]
    fn diesel_rows_carry_the_version_and_survive_a_changed_search_path() {
        let row = Bookkeeping::Diesel { version: "20240101120000".into() };
        assert_eq!(row.before().len(), 2);
        assert_eq!(
            row.after(b"").last().unwrap(),
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('20240101120000')"
        );
    }
}
