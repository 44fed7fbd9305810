//! Suites that bring habits of their own: databases they make themselves,
//! truncation, many connections.

use crate::project::Project;

const TABLE: &[(&str, &str)] = &[("migrations/1_t.sql", "CREATE TABLE t (n int);")];

#[test]
fn a_suite_may_create_and_drop_databases_of_its_own() {
    let project = Project::with(TABLE);
    let script = "set -e
        createdb test_shop; createdb -T \"$PGDATABASE\" copied
        PGDATABASE=copied psql -XAtqc 'SELECT count(*) FROM t'
        PGDATABASE=test_shop psql -XAtqc 'CREATE TABLE own (n int)' -c 'SELECT count(*) FROM own'
        dropdb copied; psql -XAtqc \"SELECT count(*) FROM pg_database WHERE datname = 'test_shop'\"";
    for reused in [false, true] {
        if reused {
            project.run(&["up"]).succeeds();
        }
        let outcome = project.sh(script);
        assert_eq!(outcome.succeeds().stdout, "0\n0\n1\n");
        if reused {
            // What a suite makes on a shared server is the suite's.
            let outcome = project.sh("dropdb test_shop");
            outcome.succeeds();
            project.run(&["down"]).succeeds();
        }
    }
    // The private server went with everything on it.
    let query = "SELECT count(*) FROM pg_database WHERE datname = 'test_shop'";
    assert_eq!(project.query(query), "0");
}

#[test]
fn a_suite_may_truncate_drop_and_recreate_what_it_was_given() {
    let project = Project::with(TABLE);
    let script = "set -e
        psql -XAtqc 'INSERT INTO t VALUES (1)' -c 'TRUNCATE t' -c 'SELECT count(*) FROM t'
        psql -XAtqc 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public'
        name=$PGDATABASE; PGDATABASE=postgres dropdb \"$name\"; PGDATABASE=postgres createdb \"$name\"
        psql -XAtqc \"SELECT count(*) FROM pg_tables WHERE tablename = 't'\"";
    assert_eq!(project.sh(script).succeeds().stdout, "0\n0\n");
    // The next run has it all again.
    assert_eq!(project.query("SELECT count(*) FROM t"), "0");
    project.run(&["up"]).succeeds();
    assert_eq!(project.sh(script).succeeds().stdout, "0\n0\n");
    assert_eq!(project.query("SELECT count(*) FROM t"), "0");
    project.run(&["down"]).succeeds();
}

#[test]
fn a_parallel_suite_has_connections_enough() {
    let project = Project::with(TABLE);
    let script = "echo 'SELECT pg_sleep(1);' > queries
        psql -XAtqc 'SHOW max_connections'
        pgbench -n -c 120 -j 2 -t 1 -f queries >/dev/null 2>bench || { cat bench; exit 1; }";
    let outcome = project.sh(&script.replace("pgbench", "$(pg_config --bindir)/pgbench"));
    assert_eq!(outcome.succeeds().stdout, "300\n");
}
