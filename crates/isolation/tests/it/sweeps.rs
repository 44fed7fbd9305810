//! What dead runs left is swept; nothing else is.

use std::time::Duration;

use seedbed_db::Session;
use seedbed_isolation::{clone_name, hold, template_name};
use seedbed_testkit::Server;

use crate::ground::{Notes, admin, base, exists, recipe, shared};

#[tokio::test]
async fn only_dead_runs_are_swept() {
    let server = Server::start();
    let (admin, notes) = (admin(&server, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let template = shared.ensure_template(&recipe(base(), &["select 1;"])).await.unwrap();
    let (living, dead) =
        (hold(&admin, "living").await.unwrap(), hold(&admin, "dead").await.unwrap());
    let mut names = Vec::new();
    for run in ["living", "dead"] {
        for suffix in ["", "2"] {
            let name = clone_name(run, suffix).unwrap();
            shared.clone(&template, &name, run).await.unwrap();
            names.push(name);
        }
    }
    // Foreign databases under names like ours, and one with a comment like it.
    let foreign = ["seedbed_test_mine", "seedbed_t_0123456789abcdef", "seedbed_testing"];
    for name in foreign {
        let _ = server.psql("postgres", &format!("create database {name}"));
    }
    let _ = server.psql("postgres", "comment on database seedbed_testing is 'seedbed, the tool'");

    assert!(shared.sweep().await.unwrap().is_empty());
    // The run's process dies; somebody is still connected to its clone.
    let doomed = admin.with_database(&names[2]);
    let leftover = Session::connect(&doomed, "test", Duration::from_secs(5)).await.unwrap();
    drop(dead);
    let swept = until_swept(&shared).await;
    assert_eq!(swept, ["seedbed_test_dead", "seedbed_test_dead_2"]);
    assert!(leftover.batch("select 1").await.is_err());
    for name in foreign.iter().copied().chain(names[..2].iter().map(String::as_str)) {
        assert!(exists(&server, name), "{name}");
    }
    assert!(exists(&server, &template.name));
    living.close().await;
}

#[tokio::test]
async fn a_run_lives_longer_than_the_servers_patience() {
    let server = Server::start_with("-c idle_session_timeout=300 -c shared_buffers=16MB");
    let (admin, notes) = (admin(&server, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let template = shared.ensure_template(&recipe(base(), &["select 1;"])).await.unwrap();
    let life = hold(&admin, "long").await.unwrap();
    let name = clone_name("long", "").unwrap();
    shared.clone(&template, &name, "long").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(shared.sweep().await.unwrap().is_empty());
    assert!(exists(&server, &name));
    life.close().await;
}

#[tokio::test]
async fn a_crash_at_birth_and_an_interrupted_drop_are_finished() {
    let server = Server::start();
    let (admin, notes) = (admin(&server, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let recipe = recipe(base(), &["select 1;"]);
    let template = shared.ensure_template(&recipe).await.unwrap();
    let life = hold(&admin, "r1").await.unwrap();
    let invalid = clone_name("r1", "").unwrap();
    shared.clone(&template, &invalid, "r1").await.unwrap();
    // Killed between CREATE DATABASE and COMMENT.
    let born = clone_name("r2", "").unwrap();
    let unfinished = "seedbed_t_00000000000000aa";
    for name in [born.as_str(), unfinished] {
        let _ =
            server.psql("postgres", &format!("create database {name} connection limit 1397048644"));
    }
    // Killed within DROP DATABASE: the server marks it so.
    let broken = clone_name("r3", "").unwrap();
    let _ = server.psql("postgres", &format!("create database {broken}"));
    let mark = format!(
        "update pg_database set datconnlimit = -2 where datname in ('{invalid}', '{broken}')"
    );
    let _ = server.psql("postgres", &mark);
    life.close().await;
    let mut swept = until_swept(&shared).await;
    swept.sort();
    let mut expected = vec![invalid, born, unfinished.to_owned(), broken];
    expected.sort();
    assert_eq!(swept, expected);
}

#[tokio::test]
async fn a_process_killed_right_after_create_database_leaves_a_mark() {
    let server = Server::start();
    let (admin, notes) = (admin(&server, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let recipe = recipe(base(), &["select 1;"]);
    // Nobody can write a comment, so the build stops between its first two statements.
    let blocker = Session::connect(&admin, "test", Duration::from_secs(5)).await.unwrap();
    blocker.batch("begin; lock table pg_shdescription in share mode").await.unwrap();
    let build = shared.ensure_template(&recipe);
    assert!(tokio::time::timeout(Duration::from_secs(1), build).await.is_err());
    let name = template_name(&recipe.fingerprint());
    assert!(exists(&server, &name));
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where query like 'COMMENT %'";
    let _ = server.psql("postgres", end);
    blocker.batch("rollback").await.unwrap();
    assert_eq!(until_swept(&shared).await, [name]);
    assert_eq!(shared.ensure_template(&recipe).await.unwrap().layers_built, 1);
}

#[tokio::test]
async fn a_build_in_progress_is_left_alone() {
    let server = Server::start();
    let (admin, notes) = (admin(&server, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let recipe = recipe(base(), &["select pg_sleep(0.6);"]);
    let name = template_name(&recipe.fingerprint());
    let sweeper = async {
        while !exists(&server, &name) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        shared.sweep().await.unwrap()
    };
    let (template, swept) = tokio::join!(shared.ensure_template(&recipe), sweeper);
    assert_eq!(template.unwrap().layers_built, 1);
    assert!(swept.is_empty(), "{swept:?}");
}

/// Sweeps until something goes: the server needs a moment to notice that the
/// session which held a run is gone.
async fn until_swept(shared: &seedbed_isolation::Shared<'_>) -> Vec<String> {
    for _ in 0..500 {
        let swept = shared.sweep().await.unwrap();
        if !swept.is_empty() {
            return swept;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing was swept")
}
