//! What others do to the databases and to the server: typed errors, never a
//! wrong hand-out, and work goes on as soon as it can.

use std::fs;
use std::time::Duration;

use seedbed_api::lease::{Acquire, LaneChoice, MarkRequest, ProblemCode, Rewind};
use seedbed_db::{Session, Target};
use seedbed_testkit::Server;

use super::ground::{Order, SERVER, Service, WORK, coded, connect, until};

const OURS: &str = "application_name = 'seedbed' and pid <> pg_backend_pid()";

#[tokio::test]
async fn a_database_dropped_behind_our_back_is_replaced() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    service.work(&lease, "insert into users (name) values ('shared')").await;
    let mark = service.mark(&lease).await;
    let at_mark = service.contents(&lease);
    let drop = format!("drop database \"{}\" with (force)", lease.database);
    for _ in 0..2 {
        let _ = SERVER.psql("postgres", &drop);
        let rewound = service.rewind(&lease, &mark).await;
        assert!(rewound.replaced && !rewound.marks_lost, "{rewound:?}");
        service.expect(&lease, &at_mark);
    }
    // Between two leases as well.
    let _ = SERVER.psql("postgres", &drop);
    service.leases.release(&lease.lease).await.unwrap();
    let _ = SERVER.psql("postgres", &drop);
    let next = service.lease().await;
    assert_eq!(next.url, lease.url);
    service.expect_template(&next);
    // Where nothing is left to mark, that is said, and the lease can go on.
    let _ = SERVER.psql("postgres", &drop);
    let outcome = service.leases.mark(&next.lease, &MarkRequest::default()).await;
    coded(outcome, ProblemCode::ServerGone);
    assert!(service.rewind(&next, &next.mark).await.replaced);
    service.expect_template(&next);
    service.end().await;
}

#[tokio::test]
async fn a_database_renamed_behind_our_back_is_replaced_and_not_forgotten() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    service.work(&lease, WORK).await;
    let name = &lease.database;
    let rename = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}';
         select pg_sleep(0.1); alter database \"{name}\" rename to \"{name}_moved\""
    );
    let _ = SERVER.psql("postgres", &rename);
    let rewound = service.rewind(&lease, &lease.mark).await;
    assert!(rewound.replaced, "{rewound:?}");
    service.expect_template(&lease);
    // It carries the run's mark, so that it is dropped at the end with the rest.
    assert!(service.left().contains("_moved"));
    service.end().await;
}

#[tokio::test]
async fn a_suite_that_makes_its_database_anew_gets_another_one() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    let name = &lease.database;
    // What `rails db:reset` and its like do.
    let reset = format!("drop database \"{name}\" with (force); create database \"{name}\"");
    let _ = SERVER.psql("postgres", &reset);
    let _ = SERVER.psql(name, "create table by_the_suite ()");
    assert!(service.rewind(&lease, &lease.mark).await.replaced);
    service.expect_template(&lease);
    service.end().await;
}

#[tokio::test]
async fn a_foreign_database_under_a_slots_name_is_left_alone() {
    let (service, other) = (Service::with_slots(1).await, Service::with_slots(1).await);
    let lease = service.lease().await;
    let (name, foreign) = (&lease.database, other.lease().await.database);
    let comment = SERVER.psql(
        "postgres",
        &format!("select shobj_description(oid, 'pg_database') from pg_database where datname = '{foreign}'"),
    );
    let _ = SERVER.psql(
        "postgres",
        &format!(
            "drop database \"{name}\" with (force); create database \"{name}\";
             comment on database \"{name}\" is '{comment}'"
        ),
    );
    let failure = service.leases.rewind(&lease.lease, &Rewind::default()).await.unwrap_err();
    assert!(failure.chain().contains("is not a clone of the run"), "{}", failure.chain());
    service.leases.release(&lease.lease).await.unwrap();
    assert!(service.acquire(&Acquire::default()).await.is_err());
    assert_eq!(SERVER.psql(name, "select 'still there'"), "still there");
    let _ = SERVER.psql("postgres", &format!("drop database \"{name}\""));
    let next = service.lease().await;
    service.expect_template(&next);
    service.end().await;
    other.end().await;
}

#[tokio::test]
async fn a_lost_journal_connection_costs_a_replacement_and_no_mark() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    service.work(&lease, "insert into users (name) values ('shared')").await;
    let mark = service.mark(&lease).await;
    let at_mark = service.contents(&lease);
    let end = format!(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{}' and {OURS}",
        lease.database
    );
    service.work(&lease, WORK).await;
    assert_eq!(SERVER.psql("postgres", &end), "1");
    let rewound = service.rewind(&lease, &mark).await;
    assert!(rewound.replaced && !rewound.marks_lost, "{rewound:?}");
    service.expect(&lease, &at_mark);
    // That was not the test's doing.
    assert_eq!(SERVER.psql("postgres", &end), "1");
    service.leases.release(&lease.lease).await.unwrap();
    let next = service.lease().await;
    service.expect_template(&next);
    service.end().await;
}

/// Kills a session's process the hard way: the server starts anew.
fn crash(server: &Server) {
    let pid = fs::read_to_string(server.folder().join("data/postmaster.pid")).unwrap();
    let postmaster: i32 = pid.lines().next().unwrap().parse().unwrap();
    let children = fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children"));
    let backend = children
        .unwrap()
        .split_whitespace()
        .map(str::to_owned)
        .find(|pid| {
            fs::read_to_string(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|it| it.contains("seedbed"))
        })
        .unwrap();
    kill(&backend);
}

/// A crash, until the server is there again.
async fn crash_and_wait(server: &Server, url: &str) {
    let before = connect(url, "before").await;
    crash(server);
    until(|| before.is_closed()).await;
    let target = Target::parse(url).unwrap();
    for _ in 0..400 {
        if let Ok(after) = Session::connect(&target, "after", Duration::from_secs(10)).await {
            return after.close().await;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the server does not come back");
}

fn kill(pid: &str) {
    let status = std::process::Command::new("kill").args(["-9", pid]).status().unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn a_server_that_crashes_and_comes_back_is_used_again() {
    let server = Server::start();
    let service = Service::open(&server, Order { slots: 2, ..Order::default() }).await;
    let [one, two] = [service.lease().await, service.lease().await];
    service.work(&one, "insert into users (name) values ('shared')").await;
    let mark = service.mark(&one).await;
    let at_mark = service.contents(&one);
    for _ in 0..2 {
        service.work(&one, WORK).await;
        let session = connect(&one.url, "a test").await;
        crash(&server);
        until(|| session.is_closed()).await;
        // The mark is rebuilt by the next rewind, while the other lease ends.
        let (rewound, released) =
            tokio::join!(service.rewind(&one, &mark), service.leases.release(&two.lease));
        assert!(rewound.replaced && !rewound.marks_lost, "{rewound:?}");
        assert!(released.is_ok() || service.leases.slots()[1].leases > 1);
        service.expect(&one, &at_mark);
        let next = service
            .acquire(&Acquire { wait_ms: Some(20_000), ..Acquire::default() })
            .await
            .unwrap();
        service.expect_template(&next);
        service.leases.release(&next.lease).await.unwrap();
    }
    assert!(!service.is_held_by_us(), "the crash took the hold");
    // A sweep of another process finds the run alive, by the service's own hold.
    let admin = service.admin.clone();
    let notes = crate::ground::Notes::default();
    let swept = crate::ground::shared(&admin, &notes).sweep().await.unwrap();
    assert!(swept.is_empty(), "{swept:?}");
    service.rewind(&one, &one.mark).await;
    service.expect_template(&one);
    service.end().await;
}

/// What a reset has undone must not come back with a crash right after it, for
/// the holder may not have connected yet and would not notice.
#[tokio::test]
async fn what_was_undone_does_not_come_back_with_a_crash() {
    let lazy = "-c max_connections=60 -c synchronous_commit=off -c wal_writer_delay=10s";
    let server = Server::start_with(lazy);
    for lane in [LaneChoice::Rewind, LaneChoice::Truncate] {
        let service = Service::open(&server, Order { lane, ..Order::default() }).await;
        for _ in 0..3 {
            let lease = service.lease().await;
            service.work(&lease, WORK).await;
            service.leases.release(&lease.lease).await.unwrap();
            let lease = service.lease().await;
            crash_and_wait(&server, &lease.url).await;
            service.expect_template(&lease);

            let lane = service.rewind(&lease, &lease.mark).await;
            assert!(lane.replaced, "{lane:?}");
            service.work(&lease, "insert into users (name) values ('shared')").await;
            let mark = service.mark(&lease).await;
            let at_mark = service.contents(&lease);
            service.work(&lease, WORK).await;
            if !service.rewind(&lease, &mark).await.marks_lost {
                crash_and_wait(&server, &lease.url).await;
                service.expect(&lease, &at_mark);
            }
            service.leases.release(&lease.lease).await.unwrap();
        }
        service.end().await;
    }
}

#[tokio::test]
async fn a_run_is_held_anew_after_a_crash_without_anybody_asking() {
    let server = Server::start();
    let service = Service::open(&server, Order::default()).await;
    let lease = service.lease().await;
    crash(&server);
    until(|| !service.is_held_by_us()).await;
    let held = "select count(*) from pg_locks where locktype = 'advisory' and granted";
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(25)).await;
        let ready = std::process::Command::new("psql")
            .args(["-XAtq", "-c", held, &server.url("postgres", "postgres")])
            .output()
            .unwrap();
        if ready.stdout == b"1\n" {
            assert!(service.rewind(&lease, &lease.mark).await.replaced);
            service.end().await;
            return;
        }
    }
    panic!("nobody holds the run");
}

#[tokio::test]
async fn a_server_that_is_gone_is_said_to_be_gone() {
    let server = Server::start();
    let service = Service::open(&server, Order { slots: 2, ..Order::default() }).await;
    let [one, two] = [service.lease().await, service.lease().await];
    let waiting = {
        let leases = service.leases.clone();
        tokio::spawn(async move { leases.acquire(&Acquire::default(), leases.new_holder()).await })
    };
    tokio::task::yield_now().await;
    let session = connect(&one.url, "a test").await;
    let pid = fs::read_to_string(server.folder().join("data/postmaster.pid")).unwrap();
    kill(pid.lines().next().unwrap());
    until(|| session.is_closed()).await;
    let gone = ProblemCode::ServerGone;
    let failure = coded(service.leases.rewind(&one.lease, &Rewind::default()).await, gone);
    assert_eq!(failure.hints()[0], "seedbed logs", "{failure:?}");
    coded(service.leases.mark(&one.lease, &MarkRequest::default()).await, gone);
    coded(service.leases.keep(&one.lease, &Default::default()).await, gone);
    coded(service.leases.holdings().await, gone);
    service.leases.release(&two.lease).await.unwrap();
    coded(waiting.await.unwrap(), gone);
    coded(service.acquire(&Acquire::default()).await, gone);
    // An end does not hang on it either.
    service.leases.abandon();
    tokio::time::timeout(Duration::from_secs(40), service.leases.close()).await.unwrap().unwrap();
}
