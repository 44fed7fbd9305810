//! Clones: what they carry over, whose they are, how they go.

use std::time::Duration;

use seedbed_api::Kind;
use seedbed_db::Session;
use seedbed_isolation::{clone_name, drop_clones, hold};
use seedbed_testkit::Server;

use crate::ground::{Notes, SERVER, admin, base, exists, recipe, shared, unique};

#[tokio::test]
async fn a_clone_has_the_data_settings_and_privileges_of_its_template() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let (role, guest, run) = (unique("app"), unique("guest"), unique("run"));
    let sql = format!(
        "create role {role} login; create role {guest} login; create table a as select 7 as id;
         do $$ begin
           execute format('alter database %I set search_path to \"$user\", \"My Schema\", public', current_database());
           execute format('alter database %I set app.name to %L', current_database(), 'it''s');
           execute format('alter role {role} in database %I set work_mem to ''7MB''', current_database());
           execute format('revoke all on database %I from public', current_database());
           execute format('grant connect on database %I to {role} with grant option', current_database());
           execute format('alter database %I connection limit 40', current_database());
         end $$;"
    );
    let template = shared.ensure_template(&recipe(base(), &[&sql])).await.unwrap();
    let life = hold(&admin, &run).await.unwrap();
    let name = clone_name(&run, "").unwrap();
    let target = shared.clone(&template, &name, &run).await.unwrap();

    assert_eq!(SERVER.psql(&name, "select id from a"), "7");
    assert_eq!(SERVER.psql(&name, "show search_path"), "\"$user\", \"My Schema\", public");
    assert_eq!(SERVER.psql(&name, "show app.name"), "it's");
    let right = |role: &str, privilege: &str| {
        SERVER.psql(
            &name,
            &format!("select has_database_privilege('{role}', '{name}', '{privilege}')"),
        )
    };
    assert_eq!(right(&role, "CONNECT WITH GRANT OPTION"), "t");
    assert_eq!(right(&role, "TEMP"), "f");
    assert_eq!(right(&guest, "CONNECT"), "f");
    let limit = format!("select datconnlimit from pg_database where datname = '{name}'");
    assert_eq!(SERVER.psql("postgres", &limit), "40");
    let mut as_role = target;
    as_role.user = role;
    let session = Session::connect(&as_role, "test", Duration::from_secs(5)).await.unwrap();
    assert_eq!(session.value("show work_mem").await.unwrap().unwrap(), "7MB");

    // Dropped although somebody is connected.
    drop_clones(&admin, &run, std::slice::from_ref(&name)).await.unwrap();
    assert!(!exists(&SERVER, &name));
    drop_clones(&admin, &run, &[name]).await.unwrap();
    life.close().await;
}

#[tokio::test]
async fn a_clone_belongs_to_a_run_that_lives() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let template = shared.ensure_template(&recipe(base(), &["select 1;"])).await.unwrap();
    let run = unique("run");
    let name = clone_name(&run, "1").unwrap();
    let failure = shared.clone(&template, &name, &run).await.unwrap_err();
    assert!(failure.to_string().contains("not held"), "{failure}");
    let life = hold(&admin, &run).await.unwrap();
    assert_eq!(hold(&admin, &run).await.err().map(|f| f.kind()), Some(Kind::Bug));
    assert!(shared.clone(&template, "somebody_else", &run).await.is_err());
    shared.clone(&template, &name, &run).await.unwrap();

    // A second one under the same name does not harm the first.
    let failure = shared.clone(&template, &name, &run).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Refused);
    assert!(exists(&SERVER, &name));
    drop_clones(&admin, &run, &[name]).await.unwrap();
    life.close().await;
}

#[tokio::test]
async fn only_clones_are_dropped() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let template = shared.ensure_template(&recipe(base(), &["select 1;"])).await.unwrap();
    let foreign = clone_name(&unique("run"), "").unwrap();
    let _ = SERVER.psql("postgres", &format!("create database {foreign}"));
    for name in ["postgres", &foreign, &template.name] {
        let failure = drop_clones(&admin, "another", &[name.to_owned()]).await.unwrap_err();
        assert_eq!(failure.kind(), Kind::Refused, "{name}");
        assert!(exists(&SERVER, name));
    }
}

#[tokio::test]
async fn a_role_that_vanished_comes_back() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let (role, group, run) = (unique("app"), unique("group"), unique("run"));
    let sql = format!(
        "create role {group}; create role {role} login createdb password 'hunter2' in role {group};"
    );
    let recipe = recipe(base(), &[&sql]);
    let template = shared.ensure_template(&recipe).await.unwrap();
    let comment = format!(
        "select shobj_description(oid, 'pg_database') from pg_database where datname = '{}'",
        template.name
    );
    let comment = SERVER.psql("postgres", &comment);
    assert!(comment.contains(&role) && !comment.contains("hunter2"), "{comment}");
    let _ = SERVER.psql("postgres", &format!("drop role {role}; drop role {group}"));

    // As in a later process, which finds the template ready.
    let template = shared.ensure_template(&recipe).await.unwrap();
    assert_eq!(template.layers_built, 0);
    let life = hold(&admin, &run).await.unwrap();
    let name = clone_name(&run, "").unwrap();
    shared.clone(&template, &name, &run).await.unwrap();
    let query = format!(
        "select rolcanlogin, rolcreatedb, pg_has_role(oid, '{group}', 'MEMBER') \
         from pg_roles where rolname = '{role}'"
    );
    assert_eq!(SERVER.psql("postgres", &query), "t|t|t");
    assert!(notes.notices().contains(&format!("`{role}` had vanished")), "{}", notes.notices());
    drop_clones(&admin, &run, &[name]).await.unwrap();
    life.close().await;
}

#[tokio::test]
async fn a_clone_with_a_prepared_transaction_is_dropped() {
    let server = Server::start_with("-c max_prepared_transactions=5");
    let (admin, notes) = (admin(&server, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let template = shared.ensure_template(&recipe(base(), &["create table a ();"])).await.unwrap();
    let life = hold(&admin, "r1").await.unwrap();
    let name = clone_name("r1", "").unwrap();
    shared.clone(&template, &name, "r1").await.unwrap();
    let _ = server.psql(&name, "begin; drop table a; prepare transaction 'it''s'");
    drop_clones(&admin, "r1", std::slice::from_ref(&name)).await.unwrap();
    assert!(!exists(&server, &name));
    life.close().await;
}

/// `db:reset` of many frameworks: the suite drops its database and makes it
/// anew, and with it goes our mark.
#[tokio::test]
async fn a_clone_the_suite_made_anew_is_dropped_at_the_end() {
    let admin = admin(&SERVER, "postgres");
    let run = unique("run");
    let name = clone_name(&run, "").unwrap();
    let _ = SERVER.psql("postgres", &format!("create database {name}"));
    drop_clones(&admin, &run, std::slice::from_ref(&name)).await.unwrap();
    assert!(!exists(&SERVER, &name));
}
