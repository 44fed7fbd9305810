//! A failing statement is found again: file, line, excerpt, what to do.

use seedbed_api::Kind;
use seedbed_db::Complaint;

use crate::ground::{SERVER, database, dump, migration, refused, session};

#[tokio::test]
async fn the_line_is_the_one_the_server_means() {
    let target = database();
    for (sql, line, code, excerpt) in [
        // The second of several statements, in the middle of it.
        (
            "create table a (id int);\n\ncreate table b (\n  id int,\n  x nosuch,\n  y int\n);\n",
            5,
            "42704",
            "4 |   id int,\n5 |   x nosuch,\n  |     ^\n6 |   y int\n",
        ),
        // Several on one line; columns count characters, not bytes.
        ("select 'ä'; select 'ü', nope;", 1, "42703", "1 | select 'ü', nope\n  |             ^\n"),
        // No position: the first line of the statement.
        ("-- why\n\nselect 1;\nselect\n  1/0;", 4, "22012", "4 | select\n5 |   1/0\n"),
        // A syntax error inside a function's body.
        (
            "create function f() returns int language plpgsql as $$\nbegin\n  retrun 1;\nend $$;",
            3,
            "42601",
            "3 |   retrun 1;\n  |   ^\n",
        ),
        // A name that is wrong inside an SQL function's body.
        (
            "create function g() returns int language sql as $$\n  select 1;\n  select nope\n$$;",
            3,
            "42703",
            "3 |   select nope\n  |          ^\n",
        ),
        // An error while a DO block runs.
        (
            "select 1;\ndo $$\nbegin\n  perform 1;\n  raise exception 'stop';\nend $$;",
            5,
            "P0001",
            "5 |   raise exception 'stop';\n",
        ),
        // Dollar quote on a later line.
        (
            "do\nlanguage plpgsql\n$x$ begin\n  perform 1/0;\nend $x$;",
            4,
            "22012",
            "4 |   perform 1/0;\n",
        ),
        // At the very end.
        ("create table c (\n  id int", 2, "42601", "2 |   id int\n  |         ^\n"),
    ] {
        let failure = refused(&target, &migration(sql)).await;
        let detail = failure.details().unwrap();
        assert_eq!(failure.kind(), Kind::Build, "{sql}");
        assert_eq!(
            failure.to_string(),
            format!("migrations/0001_first.sql:{line} failed"),
            "{sql}\n{detail}"
        );
        assert!(format!("{detail}\n").contains(excerpt), "{sql}\n{detail}");
        assert!(failure.chain().contains(&format!("SQLSTATE {code}")), "{sql}");
        assert!(Complaint::is(&failure, code));
    }
}

#[tokio::test]
async fn detail_hint_and_context_are_shown() {
    let target = database();
    let sql = "create table t (name text unique);\ninsert into t values ('a');\n\
               create function f() returns void language plpgsql as $$\nbegin\n\
               insert into t values ('a');\nend $$;\nselect f();";
    let failure = refused(&target, &migration(sql)).await;
    let detail = failure.details().unwrap();
    for part in [
        "7 | select f()",
        "DETAIL: Key (name)=(a) already exists.",
        "CONTEXT: SQL statement",
        "PL/pgSQL function f() line 3",
    ] {
        assert!(detail.contains(part), "{part}\n{detail}");
    }
    let hinted = refused(&target, &migration("select nam from (select 1 as name) t;")).await;
    assert!(hinted.details().unwrap().contains("HINT: Perhaps you meant"));
    assert!(failure.chain().contains("ERROR: duplicate key value"), "{}", failure.chain());
    // Row values stay out of the one-line message.
    assert!(!failure.chain().contains("(a)"), "{}", failure.chain());
}

#[tokio::test]
async fn a_bad_row_of_copy_data_has_the_line_of_the_row() {
    let target = database();
    let sql = "create table t (id int, name text);\n\
               COPY t (id, name) FROM stdin;\n1\tone\n2\ttwo\nx\tthree\n\\.\nselect 1;\n";
    let failure = refused(&target, &dump(sql)).await;
    assert_eq!(failure.to_string(), "schema.sql:5 failed");
    let detail = failure.details().unwrap();
    for part in ["2 | COPY t (id, name) FROM stdin", "5 | x three", "COPY t, line 3, column id"] {
        assert!(detail.contains(part), "{part}\n{detail}");
    }
}

#[tokio::test]
async fn a_constraint_checked_at_commit_names_the_file() {
    let target = database();
    let sql = "create table t (id int primary key, next int references t \
               deferrable initially deferred);\ninsert into t values (1, 2);";
    let failure = refused(&target, &migration(sql)).await;
    assert_eq!(failure.to_string(), "cannot commit migrations/0001_first.sql");
    assert!(failure.details().unwrap().contains("(next)=(2) is not present"));
}

#[tokio::test]
async fn nothing_of_a_failed_transaction_stays() {
    let target = database();
    let failure = refused(&target, &migration("create table t (id int);\nselect nope;")).await;
    assert_eq!(failure.to_string(), "migrations/0001_first.sql:2 failed");
    assert_eq!(SERVER.psql(&target.database, "select to_regclass('t') is null"), "t");
}

#[tokio::test]
async fn a_missing_extension_names_its_package() {
    let target = database();
    let major = session(&target).await.server_version().0;
    let failure = refused(&target, &migration("create extension postgis_topology;")).await;
    assert_eq!(failure.hints()[0], format!("apt-get install postgresql-{major}-postgis-3"));
    assert!(failure.hints()[1].contains("contrib"));
}

#[tokio::test]
async fn sql_for_a_newer_server_says_which() {
    let target = database();
    let major = session(&target).await.server_version().0;
    for (sql, since) in [
        ("select uuidv7();", 18),
        ("create table a (i int, j int generated always as (i + 1) virtual);", 18),
        ("create table r (i int4range, primary key (i without overlaps));", 18),
        ("select * from json_table('[]'::jsonb, '$' columns (a int));", 17),
        ("set transaction_timeout = 0;", 17),
        ("create table s (t text storage external);", 16),
        ("merge into a using b on true when matched then do nothing;", 15),
    ] {
        if since <= major {
            continue;
        }
        let failure = refused(&target, &migration(sql)).await;
        let hint = failure.hints().first().cloned().unwrap_or_default();
        assert!(hint.starts_with(&format!("version = \"{since}\"")), "{sql}: {failure:?}");
    }
}

#[tokio::test]
async fn a_password_is_not_shown_in_an_excerpt() {
    let target = database();
    let sql = "create role nobody_cares login password 'hunter2' nosuchoption;";
    let failure = refused(&target, &migration(sql)).await;
    let shown = format!("{} {}", failure.chain(), failure.details().unwrap());
    assert!(shown.contains("password '*******'"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
