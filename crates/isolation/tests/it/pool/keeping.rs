//! What a test left is set aside, listed, spared by everything that cleans
//! up, and dropped when asked for.

use std::time::{Duration, Instant};

use seedbed_api::Kind;
use seedbed_isolation::{Keepsake, clone_name, drop_kept, drop_run, kept, kept_name};
use seedbed_testkit::Server;

use super::{Ground, SCHEMA};
use crate::ground::{Notes, exists, shared};

fn keepsake(ground: &Ground, slot: &str) -> Keepsake {
    Keepsake {
        run: ground.run.clone(),
        name: slot.to_owned(),
        test: Some("tests::it's \"odd\"".into()),
        project: Some("shop".into()),
        created_s: 1_700_000_000,
    }
}

#[tokio::test]
async fn a_kept_database_outlives_its_run_and_every_sweep() {
    let server = Server::start();
    let _ = server.psql("postgres", "create role owner login createdb");
    for role in ["postgres", "owner"] {
        let ground = Ground::new(&server, role, &[SCHEMA]).await;
        let (pool, slot) = (&ground.pool, ground.slot(1));
        let name = kept_name(&format!("of_{role}")).unwrap();
        pool.make(&slot).await.unwrap();
        let inside = ground.connect(&slot).await;
        inside.batch("insert into a values (8)").await.unwrap();
        let from = keepsake(&ground, &slot);
        pool.set_aside(&slot, &name, from.clone()).await.unwrap();
        assert!(inside.batch("select 1").await.is_err());
        assert_eq!(server.psql(&slot, "select count(*) from a"), "1");
        let looking = ground.connect(&name).await;
        assert_eq!(looking.value("select count(*) from a").await.unwrap().unwrap(), "2");

        // The name is taken; the slot's database is none the worse.
        let failure = pool.set_aside(&slot, &name, from.clone()).await.unwrap_err();
        assert_eq!(failure.kind(), Kind::Refused, "{}", failure.chain());
        let bad = pool.set_aside(&slot, "postgres", from.clone()).await.unwrap_err();
        assert_eq!(bad.kind(), Kind::Bug);
        let gone =
            pool.set_aside(&ground.slot(9), "seedbed_kept_x", from.clone()).await.unwrap_err();
        assert_eq!(gone.kind(), Kind::Refused, "{}", gone.chain());
        pool.replace(&slot).await.unwrap();

        let (admin, notes) = (ground.admin.clone(), Notes::default());
        let run = ground.run.clone();
        ground.end(&server).await;
        drop_run(&admin, &run).await.unwrap();
        assert!(shared(&admin, &notes).sweep().await.unwrap().is_empty());
        let listed = kept(&admin).await.unwrap();
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!((&listed[0].database, &listed[0].from), (&name, &from));
        let began = Instant::now();
        drop_kept(&admin, &name).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(5));
        assert!(!exists(&server, &name) && looking.batch("select 1").await.is_err());
        assert!(kept(&admin).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn only_kept_databases_are_dropped_as_kept() {
    let server = Server::start();
    let ground = Ground::new(&server, "postgres", &[SCHEMA]).await;
    ground.pool.make(&ground.slot(1)).await.unwrap();
    let _ = server.psql("postgres", "create database seedbed_kept_mine");
    for name in [ground.slot(1).as_str(), &ground.template.name, "seedbed_kept_mine", "nothing"] {
        let failure = drop_kept(&ground.admin, name).await.unwrap_err();
        assert_eq!(failure.kind(), Kind::Refused, "{name}");
    }
    assert!(exists(&server, "seedbed_kept_mine"));
    assert!(kept(&ground.admin).await.unwrap().is_empty());
    ground.end(&server).await;
}

/// A drop of a kept one that was interrupted: nothing is left to keep.
#[tokio::test]
async fn an_interrupted_drop_of_a_kept_database_is_finished() {
    let server = Server::start();
    let ground = Ground::new(&server, "postgres", &[SCHEMA]).await;
    let slot = ground.slot(1);
    for name in ["seedbed_kept_a", "seedbed_kept_b"] {
        if name.ends_with('a') {
            ground.pool.make(&slot).await.unwrap();
        }
        ground.pool.set_aside(&slot, name, keepsake(&ground, &slot)).await.unwrap();
    }
    let _ = server.psql(
        "postgres",
        "update pg_database set datconnlimit = -2 where datname like 'seedbed\\_kept%'",
    );
    assert!(kept(&ground.admin).await.unwrap().is_empty());
    drop_kept(&ground.admin, "seedbed_kept_a").await.unwrap();
    let admin = ground.admin.clone();
    ground.end(&server).await;
    assert!(!exists(&server, "seedbed_kept_a") && !exists(&server, "seedbed_kept_b"));
    drop_run(&admin, "nobody").await.unwrap();
    assert!(clone_name("nobody", "").is_ok());
}
