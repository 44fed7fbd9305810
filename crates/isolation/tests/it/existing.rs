//! A server the user gave: rights, verdict, tuning.

use std::time::Duration;

use seedbed_db::{Globals, Session};
use seedbed_isolation::{Facts, Shared, clone_name, drop_clones, hold, judge, tune};
use seedbed_testkit::Server;

use crate::ground::{Notes, SERVER, admin, base, exists, recipe, shared, unique};

const WAIT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_role_with_createdb_alone_is_enough() {
    let role = unique("plain");
    let _ = SERVER.psql("postgres", &format!("create role {role} login createdb"));
    let (admin, notes) = (admin(&SERVER, &role), Notes::default());
    let session = Session::connect(&admin, "test", WAIT).await.unwrap();
    let facts = Facts::of(&session).await.unwrap();
    assert!(!facts.superuser && facts.may_create_databases, "{facts:?}");
    judge(&admin, &facts, &[]).unwrap();
    assert!(tune(&session, &notes).await.unwrap().is_empty());
    assert!(notes.notices().contains("needs a superuser"));

    let shared = Shared { globals: Globals::Theirs, ..shared(&admin, &notes) };
    let (base, run) = (base(), unique("run"));
    let sql = "do $$ begin execute format('alter database %I set search_path to a, b', \
               current_database()); end $$; create table public.t as select 1 as x;";
    let first = shared.ensure_template(&recipe(base, &[sql])).await.unwrap();
    assert_eq!(first.layers_built, 1);
    let template = recipe(base, &[sql, "alter table public.t add y int;"]);
    let template = shared.ensure_template(&template).await.unwrap();
    assert_eq!(template.layers_built, 1);
    let life = hold(&admin, &run).await.unwrap();
    let name = clone_name(&run, "").unwrap();
    let target = shared.clone(&template, &name, &run).await.unwrap();
    let clone = Session::connect(&target, "test", WAIT).await.unwrap();
    assert_eq!(clone.value("select count(*) from public.t").await.unwrap().unwrap(), "1");
    assert_eq!(clone.value("show search_path").await.unwrap().unwrap(), "a, b");
    assert_eq!(clone.value("show synchronous_commit").await.unwrap().unwrap(), "off");
    drop_clones(&admin, &run, std::slice::from_ref(&name)).await.unwrap();
    assert!(!exists(&SERVER, &name));
    life.close().await;
}

#[tokio::test]
async fn a_role_that_may_not_create_databases_is_told_how() {
    let role = unique("poor");
    let _ = SERVER.psql("postgres", &format!("create role {role} login"));
    let admin = admin(&SERVER, &role);
    let session = Session::connect(&admin, "test", WAIT).await.unwrap();
    let failure = judge(&admin, &Facts::of(&session).await.unwrap(), &[]).unwrap_err();
    assert_eq!(failure.hints(), [format!("ALTER ROLE \"{role}\" CREATEDB;")]);
}

#[tokio::test]
async fn templates_of_another_role_are_not_used() {
    let (one, two) = (unique("one"), unique("two"));
    for role in [&one, &two] {
        let _ = SERVER.psql("postgres", &format!("create role {role} login createdb"));
    }
    let recipe = recipe(base(), &["create table t ();"]);
    let notes = Notes::default();
    let (one, two) = (admin(&SERVER, &one), admin(&SERVER, &two));
    shared(&one, &notes).ensure_template(&recipe).await.unwrap();
    let failure = shared(&two, &notes).ensure_template(&recipe).await.unwrap_err();
    assert!(failure.to_string().contains("built by another role"), "{failure}");
}

#[tokio::test]
async fn tuning_reaches_the_running_server() {
    let server = Server::start();
    let (admin, notes) = (admin(&server, "postgres"), Notes::default());
    let session = Session::connect(&admin, "test", WAIT).await.unwrap();
    let changed = tune(&session, &notes).await.unwrap();
    assert!(changed.contains(&"autovacuum = off".to_owned()), "{changed:?}");
    for _ in 0..500 {
        if server.psql("postgres", "show autovacuum") == "off" {
            assert_eq!(server.psql("postgres", "show full_page_writes"), "off");
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the server did not reload its settings");
}

#[tokio::test]
async fn the_largest_foreign_database_is_found() {
    let server = Server::start();
    let _ = server.psql("postgres", "create database shop");
    let _ = server.psql("shop", "create table t as select generate_series(1, 100000) as x");
    let session = Session::connect(&admin(&server, "postgres"), "test", WAIT).await.unwrap();
    let facts = Facts::of(&session).await.unwrap();
    let (name, bytes) = facts.largest.unwrap();
    assert_eq!(name, "shop");
    assert!(bytes > 3 << 20, "{bytes}");
}
