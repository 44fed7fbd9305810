//! Where statements begin and end.

use seedbed_api::Kind;
use seedbed_recipe::{Recipe, Statement, StatementKind, split};

use crate::{base, file, files, script};

fn texts(sql: &str) -> Vec<String> {
    split(sql).unwrap().into_iter().map(|statement| statement.text).collect()
}

#[test]
fn statements_end_where_the_server_sees_their_end() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        (" \n\t;; ;", &[]),
        ("-- only a comment", &[]),
        ("SELECT 1", &["SELECT 1"]),
        ("SELECT 1; SELECT 2;", &["SELECT 1", "SELECT 2"]),
        ("SELECT 1 -- a; b\n;SELECT 2", &["SELECT 1", "SELECT 2"]),
        ("SELECT/*;*/1;", &["SELECT/*;*/1"]),
        ("SELECT /* a /* ; */ ; */ 1; SELECT 2", &["SELECT /* a /* ; */ ; */ 1", "SELECT 2"]),
        ("SELECT 1 +/*;*/2;", &["SELECT 1 +/*;*/2"]),
        ("SELECT ';', 'it''s;'; SELECT 2", &["SELECT ';', 'it''s;'", "SELECT 2"]),
        (r"SELECT '\'; SELECT 2", &[r"SELECT '\'", "SELECT 2"]),
        (r"SELECT E'\';', e'\\'; SELECT 2", &[r"SELECT E'\';', e'\\'", "SELECT 2"]),
        (r"SELECT e'é\é;'; SELECT 2", &[r"SELECT e'é\é;'", "SELECT 2"]),
        ("SELECT E'a' -- x\n '\\';b'; SELECT 2", &["SELECT E'a' -- x\n '\\';b'", "SELECT 2"]),
        (r"SELECT typee'\'; SELECT 2", &[r"SELECT typee'\'", "SELECT 2"]),
        (r"SELECT U&'\0061;\'; SELECT 2", &[r"SELECT U&'\0061;\'", "SELECT 2"]),
        ("SELECT u & 'a;'; SELECT 2", &["SELECT u & 'a;'", "SELECT 2"]),
        (r"SELECT B'1;', X'F;', N'a;\'; SELECT 2", &[r"SELECT B'1;', X'F;', N'a;\'", "SELECT 2"]),
        (
            r#"SELECT "a;""b;", U&"\0061;"; SELECT 2"#,
            &[r#"SELECT "a;""b;", U&"\0061;""#, "SELECT 2"],
        ),
        ("SELECT $$;'$$; SELECT 2", &["SELECT $$;'$$", "SELECT 2"]),
        ("SELECT $a$;$b$;$$;$a$; SELECT 2", &["SELECT $a$;$b$;$$;$a$", "SELECT 2"]),
        ("SELECT $a$ $$a$; SELECT 2", &["SELECT $a$ $$a$", "SELECT 2"]),
        ("SELECT $é$;$é$; SELECT 2", &["SELECT $é$;$é$", "SELECT 2"]),
        ("SELECT a$b$, c$b$ FROM t; SELECT 2", &["SELECT a$b$, c$b$ FROM t", "SELECT 2"]),
        ("SELECT $1, $2$ ; SELECT 2", &["SELECT $1, $2$", "SELECT 2"]),
        ("SELECT é;SELECT 'ü;'", &["SELECT é", "SELECT 'ü;'"]),
        ("SELECT 1;\r\nSELECT 2;\r\n", &["SELECT 1", "SELECT 2"]),
        ("\u{feff}SELECT 1;", &["SELECT 1"]),
        (
            "CREATE RULE r AS ON INSERT TO t DO (INSERT INTO u VALUES (1); DELETE FROM v); SELECT 2",
            &[
                "CREATE RULE r AS ON INSERT TO t DO (INSERT INTO u VALUES (1); DELETE FROM v)",
                "SELECT 2",
            ],
        ),
        (
            "create or replace rule r as on delete to t do (select 1; select 2);select 3",
            &["create or replace rule r as on delete to t do (select 1; select 2)", "select 3"],
        ),
        ("CREATE TABLE t (a int; SELECT 2", &["CREATE TABLE t (a int", "SELECT 2"]),
        ("SELECT a); SELECT 2", &["SELECT a)", "SELECT 2"]),
        ("BEGIN; SELECT 1; END; SELECT 2", &["BEGIN", "SELECT 1", "END", "SELECT 2"]),
        (
            "CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN \
             (SELECT CASE a WHEN 1 THEN 2 END) END; SELECT 3 AS end, t.case FROM t; END; SELECT 2",
            &[
                "CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN \
                 (SELECT CASE a WHEN 1 THEN 2 END) END; SELECT 3 AS end, t.case FROM t; END",
                "SELECT 2",
            ],
        ),
        (
            "CREATE OR REPLACE PROCEDURE p()\nBEGIN\nATOMIC\nINSERT INTO t VALUES (1);\nEND;\nSELECT 2",
            &[
                "CREATE OR REPLACE PROCEDURE p()\nBEGIN\nATOMIC\nINSERT INTO t VALUES (1);\nEND",
                "SELECT 2",
            ],
        ),
        (
            "CREATE FUNCTION f() RETURNS void AS $$BEGIN PERFORM 1; END$$ LANGUAGE plpgsql; SELECT 2",
            &[
                "CREATE FUNCTION f() RETURNS void AS $$BEGIN PERFORM 1; END$$ LANGUAGE plpgsql",
                "SELECT 2",
            ],
        ),
        ("SELECT atomic FROM begin; SELECT 2", &["SELECT atomic FROM begin", "SELECT 2"]),
        (
            "SET standard_conforming_strings = off; SELECT '\\';'; SET standard_conforming_strings TO 'on'; SELECT '\\'; SELECT 2",
            &[
                "SET standard_conforming_strings = off",
                "SELECT '\\';'",
                "SET standard_conforming_strings TO 'on'",
                "SELECT '\\'",
                "SELECT 2",
            ],
        ),
    ];
    for (sql, expected) in cases {
        assert_eq!(texts(sql), *expected, "{sql}");
    }
}

#[test]
fn the_line_is_that_of_the_first_token_not_of_its_comment() {
    let sql =
        "-- one\n/* two\nthree */\nSELECT 1;\n\nSELECT\n2; SELECT\t$$\n\n$$;\r\n--\r\nSELECT 3";
    let lines: Vec<u32> = split(sql).unwrap().iter().map(|statement| statement.line).collect();
    assert_eq!(lines, [4, 6, 7, 11]);
}

fn copy(statement: &Statement) -> (&str, u32) {
    let StatementKind::Copy { data, first_data_line } = &statement.kind else {
        panic!("no copy: {statement:?}")
    };
    (std::str::from_utf8(data.as_bytes()).unwrap(), *first_data_line)
}

#[test]
fn copy_takes_its_data_up_to_the_end_mark() {
    let sql = "SELECT 1;\nCOPY public.\"t\" (a, b)\nFROM stdin; -- rows\n1\t;'\n\\N\t\\\\.\n\\.x\n\\.\nSELECT 2;";
    let statements = split(sql).unwrap();
    assert_eq!(statements.len(), 3);
    assert_eq!(statements[1].text, "COPY public.\"t\" (a, b)\nFROM stdin");
    assert_eq!(copy(&statements[1]), ("1\t;'\n\\N\t\\\\.\n\\.x\n", 4));
    assert_eq!((statements[2].text.as_str(), statements[2].line), ("SELECT 2", 8));

    let empty = split("COPY t FROM STDIN;\n\\.").unwrap();
    assert_eq!(copy(&empty[0]), ("", 2));

    let windows =
        split("COPY t FROM STDIN WITH (FORMAT csv);\r\n1,\"a\r\n\"\r\n\\.\r\nSELECT 2;").unwrap();
    assert_eq!(copy(&windows[0]), ("1,\"a\r\n\"\r\n", 2));
    assert_eq!(windows[1].line, 5);

    // The mark does not shift what the data is taken from.
    let marked = split("\u{feff}COPY t FROM STDIN;\nä\n\\.\n").unwrap();
    assert_eq!(copy(&marked[0]), ("ä\n", 2));

    for other in ["COPY t FROM '/x'", "COPY t TO STDOUT", "COPY (SELECT 1 FROM stdin) TO STDOUT"] {
        assert_eq!(split(other).unwrap()[0].kind, StatementKind::Sql, "{other}");
    }
}

#[test]
fn what_never_ends_is_named_with_the_line_where_it_was_opened() {
    for (sql, message) in [
        ("SELECT 1;\nSELECT 'a;\n", "SQL:2: the string literal"),
        ("\nSELECT E'a\\'", "SQL:2: the string literal"),
        ("SELECT E'a\\", "SQL:1: the string literal"),
        ("SELECT \"a", "SQL:1: the quoted identifier"),
        ("\n\n/* /* */", "SQL:3: the comment"),
        ("SELECT\n$a$ $b$", "SQL:2: the dollar-quoted string"),
        ("CREATE FUNCTION f()\nBEGIN ATOMIC SELECT 1;", "SQL:2: the BEGIN ATOMIC"),
        ("SELECT 1;\nCOPY t FROM stdin;\n1\n", "SQL:2: COPY … FROM stdin has data that never ends"),
        ("COPY t FROM stdin", "SQL:1: COPY … FROM stdin has no data"),
        ("COPY t FROM stdin;", "SQL:1: COPY … FROM stdin has no data"),
        ("COPY t FROM stdin; SELECT 1;\n\\.\n", "SQL:1: COPY … FROM stdin has text behind it"),
    ] {
        let failure = split(sql).unwrap_err();
        assert_eq!(failure.kind(), Kind::Recipe);
        assert!(failure.to_string().starts_with(message), "{failure}");
    }
}

#[test]
fn psql_commands_are_refused_by_name_outside_dumps() {
    for (sql, message) in [
        ("SELECT 1;\n\\restrict abc\n", "SQL:2: `\\restrict`"),
        ("SELECT 1 \\gset x_\n", "SQL:1: `\\gset`"),
        ("\\c other;", "SQL:1: `\\c`"),
        ("\\.\n", "SQL:1: `\\.` ends no data"),
        ("SELECT a\\b;", "SQL:1: `\\b`"),
    ] {
        let failure = split(sql).unwrap_err();
        assert!(failure.to_string().starts_with(message), "{failure}");
    }
    let hints = split("\\i x.sql").unwrap_err().hints().to_vec();
    assert!(hints[0].contains("[recipe]\ndump = "), "{hints:?}");
}

#[test]
fn roles_tablespaces_and_settings_are_told_apart() {
    let kind = |sql: &str| split(sql).unwrap().remove(0).kind;
    let role = |name: &str| StatementKind::CreateRole { name: name.into() };
    let setting = |name: &str| StatementKind::Setting { name: name.into() };
    for (sql, expected) in [
        ("CREATE ROLE App_User LOGIN", role("app_user")),
        ("create user \"Bob \"\"B\"\"\" PASSWORD 'x'", role("Bob \"B\"")),
        ("CREATE /* g */ GROUP staff", role("staff")),
        ("CREATE USER MAPPING FOR bob SERVER s", StatementKind::Sql),
        ("DO $$ BEGIN CREATE ROLE x; END $$", StatementKind::Sql),
        ("SET search_path TO a, b", setting("search_path")),
        ("SET LOCAL Statement_Timeout = 0", setting("statement_timeout")),
        ("SET SESSION my.var = 'x'", setting("my.var")),
        ("SET \"My\".x = 'x'", setting("my.x")),
        ("SET TIME ZONE 'UTC'", setting("timezone")),
        ("SET ROLE bob", StatementKind::Sql),
        ("SET SESSION AUTHORIZATION bob", StatementKind::Sql),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", StatementKind::Sql),
        ("SET CONSTRAINTS ALL DEFERRED", StatementKind::Sql),
        ("CREATE DATABASE x", StatementKind::Sql),
        ("UPDATE t SET a = 1", StatementKind::Sql),
    ] {
        assert_eq!(kind(sql), expected, "{sql}");
    }
    let sql = " CREATE TABLESPACE \"Fast\" OWNER bob LOCATION '/mnt/it''s' WITH (a = 1);";
    let statement = split(sql).unwrap().remove(0);
    let StatementKind::CreateTablespace { name, location_range: (start, end) } = &statement.kind
    else {
        panic!("{statement:?}")
    };
    assert_eq!((name.as_str(), &statement.text[*start..*end]), ("Fast", "'/mnt/it''s'"));
}

#[test]
fn a_file_is_one_transaction_unless_it_cannot_be() {
    let transaction = |sql: &str| {
        let recipe = Recipe::migrations("migrations", files(&[("1.sql", sql)]), None, base());
        script(&recipe.unwrap(), 0).transaction
    };
    for sql in [
        "SELECT 1",
        "CREATE INDEX concurrent ON t (a)",
        "CREATE INDEX \"CONCURRENTLY\" ON t (a)",
        "SELECT 'BEGIN'; SELECT $$;COMMIT;$$; -- VACUUM;\n/*; COMMIT; */",
        "SAVEPOINT a; ROLLBACK TO SAVEPOINT a; ROLLBACK WORK TO a; RELEASE a",
        "ALTER TYPE t ADD VALUE 'x'",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
        "CLUSTER t USING i",
        "CLUSTER VERBOSE t",
        "REINDEX TABLE t",
        "REINDEX TABLE database",
        "ALTER TABLE t DETACH PARTITION p",
        "DISCARD PLANS",
        "PREPARE p AS SELECT 1",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END",
        "ALTER SYSTEMS",
        "SELECT 1; -- seedbed: no-transaction",
    ] {
        assert!(transaction(sql), "{sql}");
    }
    for sql in [
        "begin; SELECT 1; commit",
        "START TRANSACTION",
        "END",
        "ROLLBACK",
        "ROLLBACK WORK",
        "ABORT",
        "COMMIT AND CHAIN",
        "PREPARE TRANSACTION 'x'",
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "create unique index /* */ concurrently if not exists i on t (a)",
        "DROP INDEX CONCURRENTLY i",
        "REINDEX INDEX CONCURRENTLY i",
        "REINDEX (VERBOSE, CONCURRENTLY) TABLE t",
        "REINDEX DATABASE d",
        "REINDEX (VERBOSE) SYSTEM",
        "REINDEX SCHEMA s",
        "VACUUM",
        "VACUUM (FULL) t",
        "ALTER SYSTEM SET a = 1",
        "ALTER DATABASE d SET TABLESPACE s",
        "CREATE DATABASE d",
        "DROP DATABASE d",
        "CREATE TABLESPACE s LOCATION '/x'",
        "DROP TABLESPACE s",
        "ALTER TABLE IF EXISTS a.t DETACH PARTITION p CONCURRENTLY",
        "CLUSTER",
        "CLUSTER (VERBOSE)",
        "DISCARD ALL",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
        "-- why\n-- seedbed: no-transaction\nSELECT 1",
        "-- no-transaction\nSELECT 1",
    ] {
        assert!(!transaction(sql), "{sql}");
    }
}

#[test]
fn debug_output_shows_neither_sql_nor_rows() {
    let statements = split("INSERT INTO t VALUES ('s3cret');\nCOPY t FROM stdin;\ns3cret\n\\.\n");
    assert!(!format!("{:?}", statements.unwrap()).contains("s3cret"));
    assert!(
        !format!("{:?}", Recipe::dump(file("a", "SELECT 's3cret'"), base())).contains("s3cret")
    );
}
