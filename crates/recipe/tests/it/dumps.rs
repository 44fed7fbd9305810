//! Dumps as `pg_dump` and `pg_dumpall` write them, and seeds.

use seedbed_recipe::{Recipe, Script, StatementKind};

use crate::{base, file, files, script};

fn dump(text: &str) -> Script {
    script(&Recipe::dump(file("schema.sql", text), base()).unwrap(), 0)
}

const DUMP: &str = "--
-- PostgreSQL database dump
--

\\restrict aB3

-- Dumped from database version 17.2 (Debian 17.2-1.pgdg120+1)
-- Dumped by pg_dump version 17.4

SET statement_timeout = 0;
SET transaction_timeout = 0;
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.t (a integer, b text);
ALTER TABLE public.t OWNER TO \"App Owner\";
COPY public.t (a, b) FROM stdin;
1\tone; \\restrict 'x
2\t\\N
\\.

GRANT SELECT ON TABLE public.t TO reader;
\\unrestrict aB3
";

#[test]
fn a_dump_is_one_transaction_with_its_data_inline() {
    let script = dump(DUMP);
    assert!(script.transaction);
    assert_eq!(script.dumped_from.as_deref(), Some("17.2"));
    assert_eq!(script.roles_mentioned, ["App Owner", "reader"]);
    assert!(script.notices.is_empty(), "{:?}", script.notices);
    assert!(script.before.is_empty() && script.after.is_empty());
    let lines: Vec<u32> = script.statements.iter().map(|statement| statement.line).collect();
    assert_eq!(lines, [10, 11, 12, 13, 14, 15, 16, 21]);
    let StatementKind::Copy { data, first_data_line } = &script.statements[6].kind else {
        panic!("no copy")
    };
    assert_eq!((data.as_bytes(), *first_data_line), (&b"1\tone; \\restrict 'x\n2\t\\N\n"[..], 17));
}

#[test]
fn what_concerns_whole_databases_is_marked_and_told() {
    let script = dump(
        "DROP DATABASE IF EXISTS chinook;\nCREATE DATABASE chinook;\n\\c chinook;\n\
         ALTER DATABASE chinook OWNER TO bob;\nCOMMENT ON DATABASE chinook IS 'x';\n\
         GRANT CONNECT ON DATABASE chinook TO carol;\nALTER ROLE bob IN DATABASE chinook SET a = 1;\n\
         \\connect chinook\nCREATE TABLE t (a int);",
    );
    let skipped =
        script.statements.iter().filter(|one| one.kind == StatementKind::DatabaseLevel).count();
    assert_eq!((skipped, script.statements.len()), (6, 7));
    assert!(script.transaction);
    assert!(script.roles_mentioned.is_empty(), "{:?}", script.roles_mentioned);
    assert_eq!(script.notices.len(), 8);
    assert_eq!(
        script.notices[0],
        "schema.sql:1: DROP DATABASE is skipped: everything goes into one database"
    );
    assert_eq!(
        script.notices[2],
        "schema.sql:3: \\c is skipped: everything goes into one database"
    );
}

#[test]
fn other_psql_commands_are_refused_in_dumps_too() {
    for (text, message) in [
        ("SELECT 1;\n\\i other.sql\n", "schema.sql:2: `\\i`"),
        ("SELECT 1 \\c x\n", "schema.sql:1: `\\c`"),
        ("\\.\n", "schema.sql:1: `\\.` ends no data"),
    ] {
        let recipe = Recipe::dump(file("schema.sql", text), base()).unwrap();
        let failure = recipe.layers[0].action().unwrap_err();
        assert!(failure.to_string().starts_with(message), "{failure}");
    }
}

#[test]
fn roles_are_found_wherever_a_dump_names_them() {
    for (sql, roles) in [
        ("ALTER TABLE t OWNER TO a;", &["a"][..]),
        ("ALTER TABLE owner RENAME TO b;", &[]),
        ("CREATE SCHEMA s AUTHORIZATION A;", &["a"]),
        ("SET SESSION AUTHORIZATION 'a b';", &["a b"]),
        ("SET SESSION AUTHORIZATION DEFAULT;", &[]),
        ("SET ROLE a;", &["a"]),
        ("GRANT SELECT(x) ON TABLE t TO a, \"B\", PUBLIC;", &["B", "a"]),
        ("GRANT ALL ON FUNCTION f(to_x integer) TO GROUP a WITH GRANT OPTION;", &["a"]),
        ("GRANT ALL ON TABLE t TO CURRENT_USER;", &[]),
        ("REVOKE ALL ON SCHEMA public FROM a CASCADE;", &["a"]),
        ("REVOKE USAGE ON SCHEMA public FROM PUBLIC;", &[]),
        ("GRANT a, b TO c WITH ADMIN OPTION GRANTED BY d;", &["a", "b", "c", "d"]),
        ("REVOKE ADMIN OPTION FOR a FROM b;", &["a", "b"]),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES TO b;",
            &["a", "b"],
        ),
        ("ALTER DEFAULT PRIVILEGES FOR ROLE a REVOKE ALL ON TABLES FROM a;", &["a"]),
        ("CREATE POLICY p ON t FOR SELECT TO a, b USING (x = 'to');", &["a", "b"]),
        ("CREATE POLICY p ON t TO PUBLIC USING (true);", &[]),
        ("ALTER POLICY p ON t RENAME TO q;", &[]),
        ("CREATE USER MAPPING FOR a SERVER s;", &["a"]),
        ("CREATE ROLE a;\nALTER TABLE t OWNER TO a;\nGRANT a TO b;", &["b"]),
        ("SELECT 'OWNER TO a'; -- OWNER TO b", &[]),
        ("INSERT INTO t SELECT * FROM u;", &[]),
    ] {
        assert_eq!(dump(sql).roles_mentioned, roles, "{sql}");
    }
}

#[test]
fn migrations_do_not_collect_roles_or_skip_databases() {
    let sql = "CREATE DATABASE x; ALTER TABLE t OWNER TO a;";
    let recipe = Recipe::migrations("migrations", files(&[("1.sql", sql)]), None, base()).unwrap();
    let script = script(&recipe, 0);
    assert!(script.roles_mentioned.is_empty());
    assert_eq!(script.statements[0].kind, StatementKind::Sql);
    assert!(!script.transaction);
}

#[test]
fn a_dump_that_opens_its_own_transaction_keeps_it() {
    assert!(!dump("BEGIN;\nCREATE TABLE t (a int);\nCOMMIT;").transaction);
}

#[test]
fn archives_are_refused_before_anything_is_built() {
    let archive = file("db.dump", "PGDMP\u{1}");
    let failure = Recipe::dump(archive, base()).unwrap_err();
    assert_eq!(failure.hints(), ["pg_restore --no-owner -f schema.sql db.dump"]);
}

#[test]
fn seeds_follow_in_the_given_order_and_may_be_dumps() {
    let recipe = Recipe::migrations("migrations", files(&[("1.sql", "")]), None, base()).unwrap();
    let below = recipe.fingerprint();
    let seeded = recipe
        .with_seeds(vec![file("seeds/b.sql", DUMP), file("seeds/a.sql", "SELECT 1")])
        .unwrap();
    let names: Vec<&str> = seeded.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["1", "b.sql", "a.sql"]);
    assert_eq!(seeded.layers[0].fingerprint, below);
    assert_eq!(script(&seeded, 1).statements.len(), 8);
    let plain = Recipe::empty(base()).with_seeds(vec![file("s.sql", "\\restrict x")]).unwrap();
    assert!(plain.layers[0].action().is_err());
}
