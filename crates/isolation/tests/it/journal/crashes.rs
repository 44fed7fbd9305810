//! A server that is killed: what it had not written yet is lost, and so are the
//! rows of unlogged tables, the template's as well. A journal from before must
//! not claim to bring anything back.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use seedbed_api::Silent;
use seedbed_db::{Session, Target};
use seedbed_isolation::journal::{Journal, Mark, Rewindable, Rewound, bake};
use seedbed_testkit::Server;

use super::ground::{mark, rewind};

const SCHEMA: &str = "CREATE TABLE t (id serial PRIMARY KEY, v text); INSERT INTO t (v) SELECT 'v' || g FROM generate_series(1, 20) g;
    CREATE UNLOGGED TABLE u (id int PRIMARY KEY); INSERT INTO u VALUES (1), (2)";
const WRITES: &str = "UPDATE t SET v = 'x' WHERE id < 9; DELETE FROM t WHERE id > 15; DELETE FROM u; INSERT INTO t (v) VALUES ('y')";
const PATIENCE: Duration = Duration::from_secs(60);

fn target(server: &Server, database: &str) -> Target {
    Target::parse(&server.socket_url("postgres", database)).unwrap()
}

/// Waits while the server recovers.
async fn connect(server: &Server, database: &str) -> Session {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Session::connect(&target(server, database), "a test", PATIENCE).await {
            Ok(session) => return session,
            Err(failure) => assert!(Instant::now() < deadline, "{}", failure.chain()),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn open(server: &Server, database: &str) -> Journal {
    match Journal::open(&target(server, database)).await.unwrap() {
        Rewindable::Yes(journal) => *journal,
        Rewindable::No(why) => panic!("not rewindable: {why}"),
    }
}

/// As on the command line, under the account of the server.
fn run(server: &Server, program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    if let Some((user, group)) = server.owner() {
        command.uid(user).gid(group);
    }
    let output = command.args(arguments).current_dir(server.folder()).output().unwrap();
    output.status.success()
}

fn kill(server: &Server, pid: &str) {
    assert!(run(server, "/bin/kill", &["-KILL", pid]), "{pid} is gone already");
}

/// A lease that has rewound once and was written since, and its mark.
async fn leased(server: &Server) -> (Journal, Mark) {
    let _ = server.psql("postgres", "CREATE DATABASE t TEMPLATE template0");
    let _ = server.psql("t", SCHEMA);
    let session = connect(server, "t").await;
    bake(&session, &Silent).await.unwrap();
    session.close().await;
    let _ = server.psql("postgres", "CREATE DATABASE leased TEMPLATE t");
    let mut journal = open(server, "leased").await;
    let mark = mark(&mut journal).await;
    let _ = server.psql("leased", WRITES);
    rewind(&mut journal, &mark).await;
    let _ = server.psql("leased", WRITES);
    (journal, mark)
}

/// A journal opened after the crash knows where it starts: it undoes what comes
/// after, whatever the crash left.
async fn assert_useful(server: &Server) {
    let rows = || server.psql("leased", "TABLE t; TABLE u; SELECT last_value FROM t_id_seq");
    let mut journal = open(server, "leased").await;
    let mark = mark(&mut journal).await;
    let before = rows();
    let _ = server.psql(
        "leased",
        "INSERT INTO u VALUES (77); UPDATE t SET v = 'z' WHERE id = 9; DELETE FROM t WHERE id = 10",
    );
    assert_ne!(rows(), before);
    rewind(&mut journal, &mark).await;
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(rows()), sorted(before));
}

/// Whatever is asked of a journal from before the crash, it replaces.
async fn assert_replaced(journal: &mut Journal, mark: &Mark) {
    for _ in 0..3 {
        let rewound = journal.rewind(mark).await.unwrap();
        assert!(matches!(rewound, Rewound::Replace { .. }), "{rewound:?}");
        assert!(journal.mark().await.is_err(), "a mark on a connection that is gone");
    }
}

#[tokio::test]
async fn a_killed_backend_replaces() {
    let server = Server::start();
    let (mut journal, mark) = leased(&server).await;
    let victim = connect(&server, "leased").await;
    victim.batch("BEGIN; UPDATE t SET v = 'never' WHERE id = 2").await.unwrap();
    let pid = victim.value("SELECT pg_backend_pid()").await.unwrap().unwrap();
    kill(&server, &pid);
    // The server ends every session and recovers.
    while !victim.is_closed() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    connect(&server, "leased").await.close().await;
    assert_replaced(&mut journal, &mark).await;
    assert_eq!(server.psql("leased", "SELECT count(*) FROM u"), "0", "no crash");
    assert_useful(&server).await;
}

#[tokio::test]
async fn a_killed_server_replaces() {
    let server = Server::start();
    let (mut journal, mark) = leased(&server).await;
    let programs = server.psql("postgres", "SELECT setting FROM pg_config WHERE name = 'BINDIR'");
    let data = server.folder().join("data");
    let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    kill(&server, pid.lines().next().unwrap());
    // With the options it had. Its backends keep the memory until they notice.
    let deadline = Instant::now() + PATIENCE;
    let control = format!("{programs}/pg_ctl");
    let (data, log) = (data.to_str().unwrap(), server.folder().join("log"));
    let arguments = ["-D", data, "-l", log.to_str().unwrap(), "-w", "restart"];
    while !run(&server, &control, &arguments) {
        assert!(Instant::now() < deadline, "the server does not start again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_replaced(&mut journal, &mark).await;
    assert_eq!(server.psql("leased", "SELECT count(*) FROM u"), "0", "no crash");
    assert_useful(&server).await;
}
