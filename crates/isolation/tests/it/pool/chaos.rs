//! Sessions, drops and servers that die at any moment: nothing is leaked,
//! nothing is lost for long.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use seedbed_db::Session;
use seedbed_isolation::{Pool, drop_run, hold};
use seedbed_testkit::Server;

use super::{Ground, SCHEMA, plan};
use crate::ground::{Notes, exists};

/// Ends the pool's own sessions again and again, with pauses that hit every
/// step of its work sooner or later. The run's own session is spared.
async fn assassin(ground: &Ground, stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<u32> {
    let spared = ground.life.value("select pg_backend_pid()").await.unwrap().unwrap();
    let target = ground.admin.clone();
    let session = Session::connect(&target, "assassin", Duration::from_secs(5)).await.unwrap();
    tokio::spawn(async move {
        let kill = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where application_name = 'seedbed' and pid <> {spared}"
        );
        let (mut dice, mut killed) = (7_u64, 0);
        while !stop.load(Ordering::Relaxed) {
            killed += u32::try_from(session.rows(&kill).await.unwrap().len()).unwrap();
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            tokio::time::sleep(Duration::from_micros((dice >> 40) % 80_000)).await;
        }
        killed
    })
}

#[tokio::test]
async fn sessions_that_die_at_any_moment_leak_nothing() {
    let server = Server::start();
    for finish_by_close in [true, false] {
        let ground = Ground::new(&server, "postgres", &[SCHEMA]).await;
        let pool = ground.pool.clone();
        let tending = tokio::spawn({
            let pool = pool.clone();
            async move { pool.tend().await }
        });
        let stop = Arc::new(AtomicBool::new(false));
        let killer = assassin(&ground, Arc::clone(&stop)).await;
        let (mut well, mut failed) = (0, 0);
        for round in 0..40 {
            let slot = ground.slot(round % 3);
            match pool.replace(&slot).await {
                Ok(()) => well += 1,
                Err(_) => failed += 1,
            }
        }
        stop.store(true, Ordering::Relaxed);
        let killed = killer.await.unwrap();
        assert!(killed > 10 && well > 0, "{killed} killed, {well} well, {failed} failed");
        // It goes on as if nothing had been.
        for number in 0..3 {
            let slot = ground.slot(number);
            // One that failed may have left the slot closed.
            pool.replace(&slot).await.unwrap();
            let _ = server.psql(&slot, "insert into a values (8)");
            pool.replace(&slot).await.unwrap();
            assert_eq!(server.psql(&slot, "select id from a"), "7");
        }
        if finish_by_close {
            ground.end(&server).await;
            tending.await.unwrap();
        } else {
            // As a reaper would, after our process was killed.
            tending.abort();
            drop(pool);
            drop_run(&ground.admin, &ground.run).await.unwrap();
            until_gone(&ground, &server).await;
        }
    }
}

/// Work that was under way when the pool was left may end a little later.
async fn until_gone(ground: &Ground, server: &Server) {
    for _ in 0..100 {
        if ground.left(server).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop_run(&ground.admin, &ground.run).await.unwrap();
    }
    panic!("left: {}", ground.left(server));
}

#[tokio::test]
async fn what_an_earlier_pool_left_is_taken_over() {
    let server = Server::start();
    let ground = Ground::new(&server, "postgres", &[SCHEMA]).await;
    let (pool, slot) = (&ground.pool, ground.slot(1));
    pool.make(&slot).await.unwrap();
    for _ in 0..3 {
        // Nobody tends: waste gathers.
        pool.replace(&slot).await.unwrap();
    }
    let prefix = slot.trim_end_matches("_1").to_owned();
    // Killed between CREATE DATABASE and COMMENT, and within DROP DATABASE.
    let _ = server.psql(
        "postgres",
        &format!("create database {prefix}_ready_77 connection limit 1397048644"),
    );
    let _ = server.psql(
        "postgres",
        &format!(
            "update pg_database set datconnlimit = -2 where datname like '{prefix}\\_waste\\_%'"
        ),
    );
    let _ = server.psql("postgres", &format!("create database {prefix}_ready_x"));
    assert_eq!(ground.left(&server).lines().count(), 6);

    let notes = Arc::new(Notes::default());
    let next =
        Pool::open(plan(&ground.admin, &ground.template, &ground.run, None, Arc::clone(&notes)));
    let next = next.await.unwrap();
    assert_eq!(next.figures().waste, 4);
    let tending = tokio::spawn({
        let pool = next.clone();
        async move { pool.tend().await }
    });
    for _ in 0..500 {
        if next.figures().waste == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(ground.left(&server).lines().count(), 2, "{}", ground.left(&server));
    // Names go on after the highest that was found.
    next.replace(&slot).await.unwrap();
    assert!(exists(&server, &format!("{prefix}_waste_79")), "{}", ground.left(&server));
    next.close().await.unwrap();
    tending.await.unwrap();
    assert_eq!(ground.left(&server), "", "{}", notes.notices());
}

#[tokio::test]
async fn after_a_crash_of_the_server_a_new_pool_goes_on() {
    let server = Server::start();
    let ground = Ground::new(&server, "postgres", &[SCHEMA]).await;
    let (pool, slot) = (&ground.pool, ground.slot(1));
    pool.make(&slot).await.unwrap();
    let _ = server.psql(&slot, "insert into a values (8)");
    pool.replace(&slot).await.unwrap();

    // A backend killed by force takes the whole server through recovery.
    let victim = ground.connect(&slot).await;
    let pid = victim.value("select pg_backend_pid()").await.unwrap().unwrap();
    let killed = Command::new("kill").args(["-9", &pid]).status().unwrap();
    assert!(killed.success());
    while victim.batch("select 1").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The run is no longer held, and a pool makes nothing for a run that may
    // be swept; the fresh name has survived the crash.
    let failure = pool.replace(&slot).await.unwrap_err();
    assert!(failure.to_string().contains("not held"), "{}", failure.chain());
    assert_eq!(server.psql(&slot, "select id from a"), "7");
    let life = hold(&ground.admin, &ground.run).await.unwrap();
    let notes = Arc::new(Notes::default());
    let next = Pool::open(plan(&ground.admin, &ground.template, &ground.run, None, notes));
    let next = next.await.unwrap();
    let _ = server.psql(&slot, "insert into a values (9)");
    next.replace(&slot).await.unwrap();
    assert_eq!(server.psql(&slot, "select id from a"), "7");
    next.close().await.unwrap();
    assert_eq!(ground.left(&server), "");
    life.close().await;
}

/// A run that nobody holds is nobody's to make clones for.
#[tokio::test]
async fn a_pool_needs_a_run_that_is_held() {
    let server = Server::start();
    let ground = Ground::new(&server, "postgres", &[SCHEMA]).await;
    let notes = Arc::new(Notes::default());
    let other = plan(&ground.admin, &ground.template, "nobody", None, notes);
    let failure = Pool::open(other).await.err().unwrap();
    assert!(failure.to_string().contains("not held"), "{failure}");
    ground.end(&server).await;
}
