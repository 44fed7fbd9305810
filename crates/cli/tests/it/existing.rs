//! A server the person gave by URL: used only if it is clearly for tests, and
//! left as it was but for the sealed template.

use seedbed_testkit::Server;

use crate::patience::content;
use crate::project::Project;

const MIGRATIONS: &[(&str, &str)] = &[
    ("migrations/1_t.sql", "CREATE TABLE t (n int);"),
    ("migrations/2_u.sql", "CREATE TABLE u (n int);"),
];

fn databases(server: &Server) -> Vec<String> {
    let query = "SELECT datname FROM pg_database ORDER BY datname";
    server.psql("postgres", query).lines().map(str::to_owned).collect()
}

fn roles(server: &Server) -> String {
    server.psql("postgres", "SELECT string_agg(rolname, ',' ORDER BY 1) FROM pg_roles")
}

#[test]
fn a_run_leaves_nothing_but_the_sealed_template() {
    let server = Server::start();
    let _ = server.psql("postgres", "CREATE ROLE maker LOGIN CREATEDB; CREATE DATABASE theirs;");
    let (before, people) = (databases(&server), roles(&server));
    for role in ["postgres", "maker"] {
        let project = Project::with(MIGRATIONS);
        let url = server.url(role, "postgres");
        let script = "psql -XAtqc 'INSERT INTO t VALUES (1)' -c 'SELECT count(*), current_user FROM t GROUP BY 2'; echo $PGDATABASE";
        let run = || project.run(&["--json", "run", "--server", &url, "sh", "-c", script]);
        let first = run();
        assert_eq!(first.applied(), ["1_t", "2_u"], "{role}");
        assert!(first.stdout.starts_with(&format!("1|{role}\nseedbed_test_")), "{first:?}");
        assert!(run().applied().is_empty(), "{role}: built once");

        let now = databases(&server);
        let new: Vec<&String> = now.iter().filter(|name| !before.contains(name)).collect();
        assert_eq!(new.len(), 1, "{role}: {new:?}");
        let sealed = format!(
            "SELECT datistemplate AND NOT datallowconn FROM pg_database WHERE datname = '{}'",
            new[0]
        );
        assert_eq!(server.psql("postgres", &sealed), "t");
        let _ = server.psql(
            "postgres",
            &format!("ALTER DATABASE {0} IS_TEMPLATE false; DROP DATABASE {0};", new[0]),
        );
    }
    assert_eq!((databases(&server), roles(&server)), (before, people));
}

#[test]
fn a_killed_run_has_its_database_dropped() {
    let server = Server::start();
    let project = Project::with(MIGRATIONS);
    let url = server.url("postgres", "postgres");
    let clones = "SELECT count(*) FROM pg_database WHERE datname LIKE 'seedbed\\_test\\_%'";
    for reaper_too in [false, true] {
        let script = "echo $SEEDBED_RUN > run; sleep 100";
        let mut command = project.seedbed(&["run", "--server", &url, "sh", "-c", script]);
        let running = crate::running::Running::spawn(&mut command);
        let claim = content(&project.root().join("run"));
        assert_eq!(server.psql("postgres", clones), "1");
        if reaper_too {
            crate::postmaster::kill(crate::postmaster::reaper(&project, &claim));
        }
        running.signal(rustix::process::Signal::KILL);
        running.finish_killed();
        if reaper_too {
            project.run(&["gc"]).succeeds();
        }
        project.ledger().settle();
        assert_eq!(server.psql("postgres", clones), "0");
        std::fs::remove_file(project.root().join("run")).unwrap();
    }
}

#[test]
fn a_broken_migration_leaves_no_database() {
    let server = Server::start();
    let before = databases(&server);
    let project =
        Project::with(&[("migrations/1_t.sql", "CREATE TABLE t (n int); SELECT broken;")]);
    let url = server.url("postgres", "postgres");
    project
        .run(&["run", "--server", &url, "true"])
        .fails(122, &["migrations/1_t.sql:1", "column \"broken\" does not exist"]);
    assert_eq!(databases(&server), before);
}

#[test]
fn a_suspicious_server_and_a_powerless_role_are_refused() {
    let server = Server::start();
    let _ = server.psql("postgres", "CREATE DATABASE shop_production; CREATE ROLE poor LOGIN;");
    let before = databases(&server);
    let project = Project::with(MIGRATIONS);
    let run = |url: &str, more: &[&str]| {
        project.run(&[&["run", "--server", url][..], more, &["true"]].concat())
    };
    let production = server.url("postgres", "shop_production");
    let hint = "--allow-host 127.0.0.1";
    run(&production, &[]).fails(123, &["shop_production", "`production`", hint]);
    run(&server.url("poor", "postgres"), &[]).fails(120, &["may not create databases", "CREATEDB"]);
    run(&server.url("nobody_here", "postgres"), &[])
        .fails(121, &["cannot use the server", "nobody_here"]);
    run("postgres://u:hunter2@127.0.0.1:1/x", &[]).fails(121, &["Connection refused"]);
    let odd = run("postgres://u:hunter2@127.0.0.1:1/x", &["--role", "app"]);
    odd.fails(120, &["`role` is \"app\""]);
    assert!(!odd.stderr.contains("hunter2"));
    run(&server.url("postgres", "postgres"), &["--pg-version", "13"])
        .fails(121, &["`version` is 13"]);
    assert_eq!(databases(&server), before);
    run(&production, &["--allow-host", "127.0.0.1"]).succeeds();
    project.run(&["up", "--server", &production]).fails(120, &["nothing to start"]);
}
