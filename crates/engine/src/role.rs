//! The unprivileged role a command may be given (`role = "app"`). As superuser
//! row-level security is silently off, so suites that rely on it need one.

use seedbed_db::{quote_ident, quote_literal};

/// SQL that makes `role` able to log in. A role the recipe made keeps exactly
/// the rights the recipe gave it; one that does not exist is made and may read
/// and write everything in the database, but own nothing.
pub(crate) fn ensure(role: &str) -> String {
    let (ident, literal) = (quote_ident(role), quote_literal(role));
    // The same name inside the text literal that format() reads.
    let inner = ident.replace('%', "%%").replace('\'', "''");
    format!(
        "DO $seedbed$
DECLARE space text;
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal}) THEN
    ALTER ROLE {ident} LOGIN;
    RETURN;
  END IF;
  CREATE ROLE {ident} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  FOR space IN SELECT nspname FROM pg_catalog.pg_namespace
      WHERE nspname <> 'information_schema' AND nspname !~ '^pg_' LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO {inner}', space);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA %I TO {inner}', space);
    EXECUTE format('GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA %I TO {inner}', space);
    EXECUTE format('GRANT EXECUTE ON ALL ROUTINES IN SCHEMA %I TO {inner}', space);
  END LOOP;
END
$seedbed$;"
    )
}
