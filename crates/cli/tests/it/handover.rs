//! What the wrapped command is handed: a database, variables that lead to it,
//! its own streams and its own exit code.

use crate::project::{Project, feed, finish};

const SHOP: &[(&str, &str)] =
    &[("migrations/1_users.sql", "CREATE TABLE users (id int PRIMARY KEY, name text);")];

#[test]
fn real_queries_work_over_tcp_and_over_the_socket() {
    let project = Project::with(SHOP);
    let script = r#"
        psql -XAtqc "INSERT INTO users VALUES (1, 'Ada')"
        psql -XAtqc "SELECT name || ' ' || (inet_server_addr() IS NOT NULL)
                     FROM users" "$DATABASE_URL"
        env -u PGHOST -u PGPORT -u PGUSER -u PGPASSWORD -u PGDATABASE \
            psql -XAtqc "SELECT name || ' ' || (inet_server_addr() IS NOT NULL)
                         FROM users" "$SEEDBED_SOCKET_URL"
        psql -XAtqc "SELECT count(*) FROM users" "$SEEDBED_URL"
        psql -XAtqc "SHOW server_version"
        echo "$SEEDBED_SERVER_VERSION"
        PGPASSWORD=wrong psql -XAtqc "SELECT 'in'" 2>&1
    "#;
    let outcome = project.sh(script);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines[..3], ["Ada true", "Ada false", "1"], "{outcome:?}");
    assert_eq!(lines[3].split_whitespace().next(), Some(lines[4]));
    assert!(lines[5].contains("password authentication failed"), "{lines:?}");
    assert_eq!(outcome.code, Some(2), "psql's own code");
}

#[test]
fn variables_lead_to_the_database_and_templates_are_filled() {
    let project = Project::with(&[(
        "seedbed.toml",
        "[env]\nJDBC_URL = \"jdbc:postgresql://{host}:{port}/{database}?user={user}\"\n\
         SOCKET = \"{socket_dir}\"\nSAME = \"{url}\"\n",
    )]);
    let outcome = project.sh("env");
    let variable = |name: &str| {
        let start = format!("{name}=");
        let found = outcome.stdout.lines().find_map(|line| line.strip_prefix(&start));
        found.unwrap_or_else(|| panic!("no {name} in {}", outcome.stdout)).to_owned()
    };
    let [host, port, user, password, database] =
        ["PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"].map(variable);
    assert_eq!((host.as_str(), user.as_str()), ("127.0.0.1", "postgres"));
    assert_eq!(database, "seedbed_test");
    let url = format!("postgresql://{user}:{password}@{host}:{port}/{database}");
    for name in ["DATABASE_URL", "SEEDBED_URL", "SAME"] {
        assert_eq!(variable(name), url, "{name}");
    }
    assert_eq!(
        variable("JDBC_URL"),
        format!("jdbc:postgresql://{host}:{port}/{database}?user={user}")
    );
    let folder = variable("SOCKET");
    assert!(variable("SEEDBED_SOCKET_URL").contains(&folder.replace('/', "%2F")));
    assert_eq!([variable("SEEDBED_RUN")], *project.ledger().claims());
    assert!(!outcome.stdout.contains("SEEDBED_ADMIN_URL"), "the role is the superuser already");
}

#[test]
fn the_surrounding_database_is_never_touched() {
    let production = seedbed_testkit::Server::start();
    let before = production.psql("postgres", "SELECT sum(xact_commit) FROM pg_stat_database");
    let url = production.url("postgres", "postgres");
    let project = Project::with(SHOP);
    project.write(
        "service.conf",
        &format!("[prod]\nhost=127.0.0.1\nport={}\ndbname=postgres\n", production.port()),
    );
    let mut command = project.seedbed(&[
        "run",
        "--",
        "sh",
        "-c",
        "psql -XAtqc 'SELECT count(*) FROM users'; echo $PGPORT $PGHOST $PGSERVICE; echo $DATABASE_URL",
    ]);
    command.envs([
        ("DATABASE_URL", url.as_str()),
        ("PGHOST", "127.0.0.1"),
        ("PGHOSTADDR", "127.0.0.1"),
        ("PGPORT", &production.port().to_string()),
        ("PGUSER", "postgres"),
        ("PGDATABASE", "postgres"),
        ("PGSERVICE", "prod"),
        ("PGSERVICEFILE", project.root().join("service.conf").to_str().unwrap()),
        ("PGOPTIONS", "-c work_mem=1MB"),
    ]);
    let outcome = finish(&mut command);
    let lines: Vec<&str> = outcome.succeeds().stdout.lines().collect();
    assert_eq!(lines[0], "0");
    let port = lines[1].strip_suffix(" 127.0.0.1").unwrap();
    assert_ne!(port, production.port().to_string());
    assert!(lines[2].contains(port) && lines[2] != url, "{lines:?}");
    // Two of ours are the queries that ask; statistics are told at disconnect.
    let after = production.psql("postgres", "SELECT sum(xact_commit) FROM pg_stat_database");
    let count = |text: &str| text.parse::<u64>().unwrap();
    assert!(count(&after) - count(&before) <= 2, "{before} → {after}");
}

#[test]
fn the_exit_code_passes_through() {
    let project = Project::new();
    for (script, code) in [
        ("exit 0", 0),
        ("exit 1", 1),
        ("exit 42", 42),
        ("exit 255", 255),
        ("kill -TERM $$", 128 + 15),
        ("kill -KILL $$", 128 + 9),
        ("kill -SEGV $$", 128 + 11),
    ] {
        assert_eq!(project.sh(script).code, Some(code), "{script}");
    }
}

#[test]
fn streams_belong_to_the_command() {
    let project = Project::new();
    let every_byte: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let mut command = project.seedbed(&["run", "--", "sh", "-c", "wc -c; echo talk >&2"]);
    let outcome = feed(&mut command, &every_byte);
    assert_eq!(outcome.succeeds().stdout.trim(), "200000");
    assert!(outcome.stderr.contains("talk\nseedbed: "), "{}", outcome.stderr);

    let mut command = project.seedbed(&["-q", "run", "cat"]);
    let outcome = feed(&mut command, "x\u{0}y\n".as_bytes());
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("x\u{0}y\n", ""));
}

#[test]
fn the_command_runs_where_the_person_stands() {
    let project = Project::with(SHOP);
    // Marks the project's root, which is searched upward from where one stands.
    project.write("seedbed.toml", "");
    project.write("services/api/keep", "");
    let below = project.root().join("services/api");
    let question = "pwd; psql -XAtqc 'SELECT count(*) FROM users'";
    let expected = format!("{}\n0\n", below.display());

    let mut command = project.seedbed(&["run", "--", "sh", "-c", question]);
    let outcome = finish(command.current_dir(&below));
    assert_eq!(outcome.succeeds().stdout, expected);

    let mut command = project.seedbed(&["-C", "project/services/api", "run", "sh", "-c", question]);
    let outcome = finish(command.current_dir(project.around()));
    assert_eq!(outcome.succeeds().stdout, expected);
}

#[test]
fn an_unprivileged_role_is_held_to_row_level_security() {
    let rows = "CREATE TABLE notes (owner text DEFAULT current_user, text text);\n\
                ALTER TABLE notes ENABLE ROW LEVEL SECURITY;\n\
                CREATE POLICY own ON notes USING (owner = current_user);\n\
                INSERT INTO notes VALUES ('somebody', 'hidden');";
    let project = Project::with(&[("migrations/1_notes.sql", rows)]);
    assert_eq!(project.query("SELECT current_user, count(*) FROM notes"), "postgres|1");

    let script = "psql -XAtqc \"INSERT INTO notes (text) VALUES ('mine')\" \
                  -c \"SELECT current_user, count(*), bool_or(rolsuper) FROM notes, pg_roles
                       WHERE rolname = current_user GROUP BY 1\"
                  psql -XAtqc 'SELECT current_user, count(*) FROM notes' \"$SEEDBED_ADMIN_URL\"
                  psql -XAtqc 'CREATE ROLE other' 2>&1";
    let private = project.run(&["run", "--role", "app", "sh", "-c", script]);
    let expect = |stdout: &str| {
        let lines: Vec<&str> = stdout.lines().collect();
        assert_eq!(lines[..2], ["app|1|f", "postgres|2"], "{stdout}");
        assert!(lines[2].contains("permission denied"), "{stdout}");
    };
    expect(&private.stdout);

    project.run(&["up"]).succeeds();
    let shared = project.run(&["run", "--role", "app", "sh", "-c", script]);
    assert!(shared.stderr.contains("clone"), "{}", shared.stderr);
    expect(&shared.stdout);
    project.run(&["down"]).succeeds();
}
