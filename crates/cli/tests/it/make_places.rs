//! Which database `seedbed make` works on, and whether it may.

use seedbed_testkit::Server;

use crate::make::SCHEMA;
use crate::project::{Outcome, Project};
use crate::session::Session;

const SEEDBED: &str = env!("CARGO_BIN_EXE_seedbed");

fn project() -> Project {
    Project::with(&[("migrations/1_shop.sql", SCHEMA)])
}

fn make(session: &Session, words: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let mut command = session.command(&[&["make", "orgs"], words].concat());
    Outcome::from(command.envs(variables.iter().copied()).output().unwrap())
}

#[test]
fn a_foreign_database_is_refused_until_it_is_consented_to() {
    let server = Server::start();
    let session = Session::new();
    for name in ["shop", "contest", "other", "shop_test", "live_test"] {
        let _ = server.psql("postgres", &format!("CREATE DATABASE {name}"));
        let _ = server.psql(name, SCHEMA);
    }
    let count = |name: &str| server.psql(name, "SELECT count(*) FROM orgs");
    let url = |name: &str| server.url("postgres", name).replace("postgres@", "postgres:hunter2@");

    for name in ["shop", "contest"] {
        let outcome = make(&session, &["--url", &url(name)], &[]);
        outcome.fails(123, &["nothing is written into", name, "[factories]", "consent = ["]);
        assert!(!outcome.stderr.contains("hunter2"), "{outcome:?}");
        assert_eq!(count(name), "0");
        make(&session, &["--url", &url(name), "--dry-run"], &[]).fails(123, &["consent = ["]);
        // To look is no harm, and writes nothing.
        make(&session, &["--url", &url(name), "--plan"], &[]).succeeds();
    }
    // A word of production in its name is lifted by nothing that is said of the host.
    for words in [&[][..], &["--allow-host", "127.0.0.1"]] {
        let live = url("live_test");
        let words = [&["--url", live.as_str()], words].concat();
        let outcome = make(&session, &words, &[]);
        outcome.fails(123, &["live_test", "the word `live`", "consent = [", "/live_test "]);
        assert!(!outcome.stderr.contains("--allow-host"), "{outcome:?}");
    }
    assert_eq!(count("live_test"), "0");
    make(&session, &["--url", &url("shop_test")], &[]).succeeds();
    assert_eq!(count("shop_test"), "1");

    // The lines of the hint, as they stand there.
    let refused = make(&session, &["--url", &url("shop")], &[]).stderr;
    let lines: Vec<&str> =
        refused.lines().map(str::trim).skip_while(|line| *line != "[factories]").take(2).collect();
    session.write("seedbed.toml", &format!("{}\n", lines.join("\n")));
    make(&session, &["--url", &url("shop")], &[]).succeeds();
    assert_eq!(count("shop"), "1");
    // It is for that one: neither for another, nor for its successor.
    let refused = make(&session, &["--url", &url("other")], &[]);
    refused.fails(123, &["instead of `consent` in line 2", "consent = [", "/shop "]);
    assert!(!refused.stderr.contains("[factories]"), "{refused:?}");
    let _ = server.psql("postgres", "DROP DATABASE shop");
    let _ = server.psql("postgres", "CREATE DATABASE shop");
    let _ = server.psql("shop", SCHEMA);
    make(&session, &["--url", &url("shop")], &[]).fails(123, &["consent = ["]);
    assert_eq!((count("shop"), count("other")), ("0".into(), "0".into()));
    // The same list, with one more.
    let at = refused.stderr.find("consent = [").unwrap();
    let line = refused.stderr[at..].lines().next().unwrap();
    session.write("seedbed.toml", &format!("[factories]\n{line}\n"));
    make(&session, &["--url", &url("other")], &[]).succeeds();
    assert_eq!(count("other"), "1");
}

#[test]
fn a_server_that_others_replicate_from_is_never_written() {
    let server = Server::start();
    let session = Session::new();
    let _ = server.psql("postgres", "CREATE DATABASE shop_test");
    let _ = server.psql("shop_test", SCHEMA);
    let _ = server.psql("postgres", "SELECT pg_create_physical_replication_slot('standby')");
    let url = server.url("postgres", "shop_test");
    let outcome = make(&session, &["--url", &url], &[]);
    outcome.fails(123, &["replicate"]);
    assert!(!outcome.stderr.contains("consent = ["), "{outcome:?}");
    let _ = server.psql("postgres", "SELECT pg_drop_replication_slot('standby')");
    make(&session, &["--url", &url], &[]).succeeds();
}

#[test]
fn the_nearest_database_is_taken_and_none_is_told() {
    let server = Server::start();
    let session = Session::new();
    for name in ["one_test", "other_test"] {
        let _ = server.psql("postgres", &format!("CREATE DATABASE {name}"));
        let _ = server.psql(name, SCHEMA);
    }
    let count = |name: &str| server.psql(name, "SELECT count(*) FROM orgs");
    let (one, other) = (server.url("postgres", "one_test"), server.url("postgres", "other_test"));

    let none = make(&session, &[], &[]);
    none.fails(121, &["no database", "--url", "SEEDBED_URL", "seedbed up", "DATABASE_URL"]);
    make(&session, &[], &[("DATABASE_URL", &one)]).succeeds();
    assert_eq!((count("one_test"), count("other_test")), ("1".into(), "0".into()));
    make(&session, &[], &[("DATABASE_URL", &one), ("SEEDBED_URL", &other)]).succeeds();
    assert_eq!((count("one_test"), count("other_test")), ("1".into(), "1".into()));
    let words = ["--url", one.as_str(), "--fresh"];
    make(&session, &words, &[("SEEDBED_URL", &other)]).succeeds();
    assert_eq!((count("one_test"), count("other_test")), ("2".into(), "1".into()));

    make(&session, &["--url", "mysql://x"], &[]).fails(120, &["--url"]);
    make(&session, &[], &[("DATABASE_URL", "postgres://u:hunter2@db.example.com/app_test")])
        .fails(123, &["db.example.com", "--allow-host db.example.com"]);
    let gone = make(&session, &["--url", "postgres://u:hunter2@127.0.0.1:1/app_test"], &[]);
    gone.fails(121, &["--url", "Connection refused"]);
    assert!(!gone.stderr.contains("hunter2"));
}

#[test]
fn inside_a_run_and_a_lease_rows_are_in_their_database() {
    let project = project();
    let script = format!(
        "{SEEDBED} -q make users email=a@x.example > made; \
         psql -XAtqc 'SELECT email FROM users'; {SEEDBED} -q make users email=a@x.example"
    );
    for options in [&[][..], &["--role", "app"]] {
        let words = [&["run"], options, &["--", "sh", "-c", &script]].concat();
        let outcome = project.run(&words);
        assert!(outcome.succeeds().stdout.starts_with("a@x.example\n"), "{outcome:?}");
        assert!(outcome.stdout.contains("matched"), "{outcome:?}");
    }
    let leased = format!(
        "{SEEDBED} -q make users email=b@x.example > made; \
         psql -XAtqc 'SELECT count(*) FROM users'; {SEEDBED} -q rewind; \
         psql -XAtqc 'SELECT count(*) FROM users'"
    );
    let words = ["run", "--workers", "2", "--", SEEDBED, "lease", "--", "sh", "-c", &leased];
    assert_eq!(project.run(&words).succeeds().stdout, "1\n0\n");
}

#[test]
fn what_up_keeps_has_a_database_for_factories() {
    let project = project();
    project.run(&["up", "--workers", "1"]).succeeds();
    let make =
        |words: &[&str]| project.run(&[&["make", "users", "email=a@x.example"], words].concat());
    let first = make(&[]);
    assert!(first.succeeds().stdout.contains("created"), "{first:?}");
    // The URL that is told works as it is, on the socket.
    let url = first.stderr.lines().find_map(|line| line.strip_prefix("seedbed: in ")).unwrap();
    let mut psql = std::process::Command::new("psql");
    project.equip(&mut psql);
    psql.args(["-XAtqc", "SELECT email FROM users", url]);
    assert_eq!(crate::project::finish(&mut psql).succeeds().stdout, "a@x.example\n");
    // Tests come and go; what a person made stays.
    let script = "psql -XAtqc 'SELECT count(*) FROM users'";
    assert_eq!(project.run(&["lease", "--", "sh", "-c", script]).succeeds().stdout, "0\n");
    assert_eq!(project.query("SELECT count(*) FROM users"), "0");
    assert!(make(&[]).succeeds().stdout.contains("matched"));
    // A new migration is a new database.
    project.write("migrations/2_more.sql", "ALTER TABLE users ADD nick text;");
    let next = make(&["nick=al"]);
    assert!(next.succeeds().stdout.contains("created"), "{next:?}");
    project.run(&["down"]).succeeds();
    make(&[]).fails(121, &["no database"]);
}
