//! Every kind of recipe, from the files a project has to the database a
//! command gets, on a private server and on one that is up.

use seedbed_testkit::Server;

use crate::project::{Project, finish};

#[test]
fn plain_numbered_files_run_in_the_order_of_their_numbers() {
    let project = Project::with(&[
        ("db/migrations/2_b.sql", "INSERT INTO log VALUES ('two');"),
        ("db/migrations/10_c.sql", "INSERT INTO log VALUES ('ten');"),
        ("db/migrations/1_a.sql", "CREATE TABLE log (at text, n serial);"),
        ("db/migrations/2_b.down.sql", "DROP TABLE log;"),
    ]);
    assert_eq!(project.query("SELECT string_agg(at, ' ' ORDER BY n) FROM log"), "two ten");
}

#[test]
fn sqlx_finds_its_own_bookkeeping() {
    let project = Project::with(&[
        ("Cargo.toml", "[package]\nname = \"x\"\n[dependencies]\nsqlx = \"0.8\"\n"),
        ("migrations/20240101000000_users.up.sql", "CREATE TABLE users (id int, mail text);"),
        ("migrations/20240101000000_users.down.sql", "DROP TABLE users;"),
        (
            "migrations/20240102000000_index.sql",
            "-- no-transaction\nCREATE INDEX CONCURRENTLY mails ON users (mail);",
        ),
    ]);
    let query = "SELECT string_agg(version || ' ' || description || ' ' || success, ','
                 ORDER BY version) FROM _sqlx_migrations";
    assert_eq!(project.query(query), "20240101000000 users true,20240102000000 index true");
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'mails'::regclass";
    assert_eq!(project.query(valid), "t");
}

#[test]
fn diesel_finds_its_own_bookkeeping() {
    let project = Project::with(&[
        ("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n"),
        (
            "migrations/00000000000000_diesel_initial_setup/up.sql",
            "CREATE FUNCTION touch() RETURNS trigger AS $$ BEGIN RETURN NEW; END; $$ LANGUAGE plpgsql;",
        ),
        ("migrations/00000000000000_diesel_initial_setup/down.sql", "DROP FUNCTION touch;"),
        ("migrations/2024-01-01-000000_posts/up.sql", "CREATE TABLE posts (id int, slug text);"),
        ("migrations/2024-01-01-000000_posts/down.sql", "DROP TABLE posts;"),
        (
            "migrations/2024-01-02-000000_slugs/up.sql",
            "CREATE INDEX CONCURRENTLY slugs ON posts (slug);",
        ),
        ("migrations/2024-01-02-000000_slugs/metadata.toml", "run_in_transaction = false\n"),
    ]);
    let query = "SELECT string_agg(version, ',' ORDER BY version) FROM __diesel_schema_migrations";
    assert_eq!(project.query(query), "00000000000000,20240101000000,20240102000000");
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'slugs'::regclass";
    assert_eq!(project.query(valid), "t");
}

#[test]
fn a_dump_made_by_pg_dump_comes_back_with_its_data() {
    let source = Server::start();
    let made = source.psql(
        "postgres",
        "CREATE DATABASE shop;
         \\connect shop
         CREATE TYPE mood AS ENUM ('fine', 'so; so');
         CREATE TABLE people (id serial PRIMARY KEY, name text, mood mood, raw bytea);
         INSERT INTO people (name, mood, raw) VALUES
           (E'tab\\there', 'fine', '\\x00ff'), (E'back\\\\slash \\\\. and; semicolon', 'so; so', NULL);
         CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS $$ SELECT n * 2; $$;
         CREATE VIEW names AS SELECT name FROM people;
         COMMENT ON TABLE people IS 'it''s; here';
         SELECT md5(string_agg(people::text, '|' ORDER BY id)) FROM people;",
    );
    let mut pg_dump = std::process::Command::new("pg_dump");
    let dump = finish(pg_dump.arg(source.url("postgres", "shop")));
    assert!(dump.succeeds().stdout.contains("COPY public.people"), "{dump:?}");
    let project = Project::with(&[("schema.sql", dump.stdout.as_str())]);
    let query = "SELECT md5(string_agg(people::text, '|' ORDER BY id)) FROM people";
    assert_eq!(project.query(query), made);
    assert_eq!(project.query("SELECT twice(21), nextval('people_id_seq')"), "42|3");

    // What newer and patched versions of pg_dump write around it.
    let restricted =
        format!("--\n-- dump\n--\n\n\\restrict aB3\n\n{}\n\\unrestrict aB3\n\n", dump.stdout);
    project.write("schema.sql", &restricted);
    assert_eq!(project.query(query), made);
    project.run(&["up"]).succeeds();
    assert_eq!(project.query(query), made);
    project.run(&["down"]).succeeds();
}

#[test]
fn a_command_builds_the_schema_and_its_inputs_decide_when() {
    let project = Project::with(&[
        (
            "seedbed.toml",
            "[recipe]\ncommand = \"echo ran >> runs; psql -XqAt \\\"$DATABASE_URL\\\" -f schema/all.sql\"\n\
             inputs = [\"schema/**\"]\n",
        ),
        ("schema/all.sql", "CREATE TABLE a (id int);"),
    ]);
    let runs = || std::fs::read_to_string(project.root().join("runs")).unwrap().lines().count();
    assert_eq!(project.query("SELECT count(*) FROM a"), "0");
    assert_eq!((project.query("SELECT count(*) FROM a"), runs()), ("0".into(), 1));
    project.write("unrelated.sql", "");
    assert_eq!((project.query("SELECT count(*) FROM a"), runs()), ("0".into(), 1));
    project.write("schema/all.sql", "CREATE TABLE a (id int); INSERT INTO a VALUES (1);");
    assert_eq!((project.query("SELECT count(*) FROM a"), runs()), ("1".into(), 2));

    let config =
        "[recipe]\ncommand = \"echo told; echo why >&2; exit 3\"\ninputs = [\"schema/**\"]\n";
    project.write("seedbed.toml", config);
    project.run(&["run", "true"]).fails(122, &["the recipe's command", "told", "why"]);
}

#[test]
fn seeds_lie_on_top_of_the_schema() {
    let project = Project::with(&[
        ("seedbed.toml", "[recipe]\nmigrations = \"migrations\"\nseeds = [\"seeds/*.sql\"]\n"),
        ("migrations/1_a.sql", "CREATE TABLE countries (code text);"),
        ("seeds/1.sql", "INSERT INTO countries VALUES ('NO');"),
        ("seeds/2.sql", "INSERT INTO countries VALUES ('IS');"),
    ]);
    let query = "SELECT string_agg(code, ',' ORDER BY code) FROM countries";
    assert_eq!(project.query(query), "IS,NO");
    project.write("seeds/3.sql", "INSERT INTO countries VALUES ('FO');");
    assert_eq!(project.sh("true").applied().len(), 1);
    project.write("seeds/1.sql", "INSERT INTO countries VALUES ('SE');");
    assert_eq!(project.query(query), "FO,IS,SE");
}

/// Runs the check on a private server and on one that is up.
fn on_both(project: &Project, check: impl Fn()) {
    check();
    project.run(&["up"]).succeeds();
    check();
    project.run(&["down"]).succeeds();
}

#[test]
fn roles_of_a_migration_do_not_meet_their_own_ghosts() {
    let role = "CREATE ROLE reader NOLOGIN; ALTER ROLE reader SET work_mem = '7MB';
                CREATE TABLE t (id int); GRANT SELECT ON t TO reader;";
    let project = Project::with(&[("migrations/1_role.sql", role)]);
    let query = "SELECT has_table_privilege('reader', 't', 'SELECT'), rolconfig FROM pg_roles
                 WHERE rolname = 'reader'";
    on_both(&project, || assert_eq!(project.query(query), "t|{work_mem=7MB}"));

    // Another build of the same role on the server that is up.
    project.run(&["up"]).succeeds();
    project.write("migrations/1_role.sql", &format!("{role} CREATE TABLE more (id int);"));
    assert_eq!(project.query(query), "t|{work_mem=7MB}");
    project.write("migrations/2_more.sql", "GRANT INSERT ON t TO reader;");
    assert_eq!(project.query("SELECT has_table_privilege('reader', 't', 'INSERT')"), "t");
    project.run(&["down"]).succeeds();
}

#[test]
fn settings_of_the_database_survive_into_the_runs_database() {
    let project = Project::with(&[(
        "migrations/1_settings.sql",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''9MB''',
         current_database()); END $$;",
    )]);
    on_both(&project, || assert_eq!(project.query("SHOW work_mem"), "9MB"));
}

#[test]
fn tablespaces_of_a_migration_are_readable_from_the_cache_and_from_clones() {
    let project = Project::with(&[(
        "migrations/1_fast.sql",
        "CREATE TABLESPACE fast LOCATION '/mnt/nowhere/at/all';
         CREATE TABLE t TABLESPACE fast AS SELECT generate_series(1, 1000) AS n;",
    )]);
    let query = "SELECT sum(n), count(DISTINCT spcname) FROM t, pg_class
                 JOIN pg_tablespace s ON s.oid = reltablespace WHERE relname = 't'";
    assert_eq!(project.query(query), "500500|1");
    let second = project.sh(&format!("psql -XAtqc \"{query}\""));
    assert!(second.applied().is_empty(), "built once");
    assert_eq!(second.stdout, "500500|1\n");
    let write = "psql -XAtqc 'INSERT INTO t VALUES (5); CHECKPOINT' -c 'SELECT count(*) FROM t'";
    assert_eq!(project.sh(write).stdout, "1001\n");
    on_both(&project, || assert_eq!(project.query(query), "500500|1"));
}
