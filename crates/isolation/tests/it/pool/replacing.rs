//! A slot's database becomes a fresh one, whoever is in it and whatever
//! happened to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use seedbed_api::Kind;
use seedbed_db::Session;
use seedbed_testkit::Server;

use super::{Ground, SCHEMA};
use crate::ground::{SERVER, exists, unique};

#[tokio::test]
async fn clients_are_ended_and_the_next_one_finds_the_templates_state() {
    let ground = Ground::new(&SERVER, "postgres", &[SCHEMA]).await;
    let (pool, slot) = (&ground.pool, ground.slot(1));
    let target = pool.make(&slot).await.unwrap();
    assert_eq!(target.database, slot);
    assert_eq!(pool.make(&slot).await.unwrap_err().kind(), Kind::Refused);
    let tending = tokio::spawn({
        let pool = pool.clone();
        async move { pool.tend().await }
    });
    for round in 0..4 {
        let idle = ground.connect(&slot).await;
        let busy = ground.connect(&slot).await;
        busy.batch("begin; insert into a values (8)").await.unwrap();
        idle.batch("insert into a values (9); create table b ()").await.unwrap();
        pool.replace(&slot).await.unwrap();
        assert!(idle.batch("select 1").await.is_err() && busy.batch("select 1").await.is_err());
        let next = ground.connect(&slot).await;
        assert_eq!(
            next.value("select string_agg(id::text, ',') from a").await.unwrap().unwrap(),
            "7"
        );
        assert_eq!(next.value("select to_regclass('b')").await.unwrap(), None);
        next.close().await;
        if round == 0 {
            // Nothing was ready for the first; from now on something is.
            ground.until_ready(1).await;
        }
    }
    let figures = pool.figures();
    assert_eq!((figures.replaced, figures.from_ready >= 1), (4, true), "{figures:?}");
    let life = ground.life.value("select 1").await.unwrap();
    assert!(life.is_some());
    pool.close().await.unwrap();
    tending.await.unwrap();
    assert_eq!(pool.replace(&slot).await.unwrap_err().kind(), Kind::Refused);
    assert_eq!(ground.left(&SERVER), "");
}

/// The row that was written before a replacement is never seen after it,
/// however many clients come back at once.
#[tokio::test]
async fn two_hundred_replacements_under_clients_that_come_back() {
    let server = Server::start();
    let ground = Ground::new(&server, "postgres", &[SCHEMA]).await;
    let pool = ground.pool.clone();
    let tending = tokio::spawn({
        let pool = pool.clone();
        async move { pool.tend().await }
    });
    let (stop, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut tasks = Vec::new();
    for number in 1..=2 {
        pool.make(&ground.slot(number)).await.unwrap();
        for client in 0..3 {
            let target = ground.admin.with_database(&ground.slot(number));
            let (stop, served) = (Arc::clone(&stop), Arc::clone(&served));
            tasks.push(tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let wait = Duration::from_secs(5);
                    let Ok(session) = Session::connect(&target, "client", wait).await else {
                        tokio::task::yield_now().await;
                        continue;
                    };
                    let insert = format!("insert into a values ({})", 100 + client);
                    while !stop.load(Ordering::Relaxed) && session.batch(&insert).await.is_ok() {
                        served.fetch_add(1, Ordering::Relaxed);
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            }));
        }
    }
    let replacing = [1, 2].map(|number| {
        let (pool, slot) = (pool.clone(), ground.slot(number));
        let target = ground.admin.with_database(&slot);
        tokio::spawn(async move {
            let wait = Duration::from_secs(5);
            for round in 1..=100 {
                let session = Session::connect(&target, "test", wait).await.unwrap();
                session.batch(&format!("insert into a values (-{round})")).await.unwrap();
                pool.replace(&slot).await.unwrap();
                let session = Session::connect(&target, "test", wait).await.unwrap();
                let query =
                    "select count(*) filter (where id < 0), count(*) filter (where id = 7) from a";
                let row = session.rows(query).await.unwrap().remove(0);
                assert_eq!(row, [Some("0".to_owned()), Some("1".to_owned())], "round {round}");
            }
        })
    });
    for one in replacing {
        one.await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let figures = pool.figures();
    assert_eq!(figures.replaced, 200);
    assert!(served.load(Ordering::Relaxed) > 200, "clients did get through");
    assert!(figures.waste <= 12 && figures.ready <= 4, "{figures:?}");
    ground.end(&server).await;
    tending.await.unwrap();
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_nothing_undone() {
    let ground = Ground::new(&SERVER, "postgres", &[SCHEMA]).await;
    let (pool, slot) = (&ground.pool, ground.slot(1));
    pool.make(&slot).await.unwrap();
    for microseconds in [0, 50, 500, 2_000, 10_000] {
        let session = ground.connect(&slot).await;
        session.batch("insert into a values (8)").await.unwrap();
        let patience = Duration::from_micros(microseconds);
        let _ = tokio::time::timeout(patience, pool.replace(&slot)).await;
        // Waits for the one above, if that goes on.
        pool.replace(&slot).await.unwrap();
        let session = ground.connect(&slot).await;
        assert_eq!(session.value("select count(*) from a").await.unwrap().unwrap(), "1");
    }
    ground.end(&SERVER).await;
}

#[tokio::test]
async fn whatever_happened_to_a_slots_database_it_is_replaced() {
    let server = Server::start_with("-c max_prepared_transactions=5");
    let ground = Ground::new(&server, "postgres", &[SCHEMA]).await;
    let (pool, slot) = (&ground.pool, ground.slot(1));
    let behind_our_back = [
        format!("drop database {slot} with (force)"),
        format!("alter database {slot} rename to elsewhere"),
        // `db:reset` of many frameworks: no mark is left.
        format!("drop database {slot} with (force); create database {slot}"),
        format!("update pg_database set datconnlimit = -2 where datname = '{slot}'"),
        format!("alter database {slot} allow_connections false"),
    ];
    pool.make(&slot).await.unwrap();
    for sql in &behind_our_back {
        let _ = server.psql("postgres", &sql.replace("; ", ";\n"));
        pool.replace(&slot).await.unwrap();
        assert_eq!(server.psql(&slot, "select id from a"), "7", "{sql}");
    }
    let _ = server.psql(&slot, "begin; drop table a; prepare transaction 'it''s'");
    pool.replace(&slot).await.unwrap();
    assert_eq!(server.psql(&slot, "select id from a"), "7");

    // A ready one is gone: the next is taken, or made.
    let tending = tokio::spawn({
        let pool = pool.clone();
        async move { pool.tend().await }
    });
    ground.until_ready(1).await;
    tending.abort();
    let ready = format!("{}_ready_%", slot.trim_end_matches("_1"));
    let names = server
        .psql("postgres", &format!("select datname from pg_database where datname like '{ready}'"));
    assert!(!names.is_empty());
    for name in names.lines() {
        let _ = server.psql("postgres", &format!("drop database {name}"));
    }
    pool.replace(&slot).await.unwrap();
    assert_eq!(server.psql(&slot, "select id from a"), "7");
    // A person took this one away, name and all; it still says whose it was.
    assert!(exists(&server, "elsewhere"));
    ground.end(&server).await;
}

#[tokio::test]
async fn what_is_not_the_runs_is_left_alone() {
    let role = unique("owner");
    let _ = SERVER.psql("postgres", &format!("create role {role} login createdb"));
    let ground = Ground::new(&SERVER, &role, &[SCHEMA]).await;
    let pool = &ground.pool;
    let foreign = ground.slot(1);
    let _ = SERVER.psql("postgres", &format!("create database {foreign}"));
    let failure = pool.replace(&foreign).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Refused, "{}", failure.chain());
    assert!(failure.hints()[0].contains(&foreign));
    assert_eq!(pool.make(&foreign).await.unwrap_err().kind(), Kind::Refused);
    // Another run's, under our run's name.
    let others = ground.slot(2);
    let _ = SERVER.psql("postgres", &format!("create database {others} owner {role}"));
    let mark =
        format!("comment on database {others} is 'seedbed {{\"kind\":\"clone\",\"run\":\"x\"}}'");
    let _ = SERVER.psql("postgres", &mark);
    assert_eq!(pool.replace(&others).await.unwrap_err().kind(), Kind::Refused);
    for name in [&foreign, &others] {
        let open = format!("select datallowconn from pg_database where datname = '{name}'");
        assert_eq!(SERVER.psql("postgres", &open), "t");
    }
    let (ready, template) =
        (format!("{}_ready_1", ground.slot(0).trim_end_matches("_0")), &ground.template.name);
    for name in [template.as_str(), "postgres", "seedbed_test_other_1", &ready] {
        assert_eq!(pool.replace(name).await.unwrap_err().kind(), Kind::Bug, "{name}");
    }
    pool.close().await.unwrap();
    assert!(exists(&SERVER, &foreign) && exists(&SERVER, &others));
    let _ = SERVER.psql("postgres", &format!("drop database {foreign}"));
    let _ = SERVER.psql("postgres", &format!("drop database {others}"));
}

#[tokio::test]
async fn an_owner_without_superuser_rights_replaces_as_well() {
    let role = unique("owner");
    let _ = SERVER.psql("postgres", &format!("create role {role} login createdb"));
    let ground = Ground::new(&SERVER, &role, &[SCHEMA]).await;
    let (pool, slot) = (&ground.pool, ground.slot(1));
    pool.make(&slot).await.unwrap();
    let own = ground.connect(&slot).await;
    own.batch("insert into a values (8)").await.unwrap();
    // A superuser's session may not be ended; it leaves by itself.
    let mut others = ground.admin.with_database(&slot);
    others.user = "postgres".into();
    let guest = Session::connect(&others, "test", Duration::from_secs(5)).await.unwrap();
    let leaving = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        guest.close().await;
    });
    pool.replace(&slot).await.unwrap();
    leaving.await.unwrap();
    assert!(own.batch("select 1").await.is_err());
    let next = ground.connect(&slot).await;
    assert_eq!(next.value("select count(*) from a").await.unwrap().unwrap(), "1");
    next.close().await;
    ground.end(&SERVER).await;
}
