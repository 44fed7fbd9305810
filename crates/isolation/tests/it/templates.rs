//! Building once: reuse, prefixes, two builders, dead builders, failures.

use std::time::Duration;

use seedbed_api::Kind;
use seedbed_db::{Session, Target};
use seedbed_isolation::{Shared, template_name};
use seedbed_recipe::Recipe;

use crate::ground::{Notes, SERVER, admin, base, exists, recipe, shared, unique};

const SEALED: &str = "datistemplate and not datallowconn";

fn of_database(name: &str, expression: &str) -> String {
    let query = format!("select {expression} from pg_database where datname = '{name}'");
    SERVER.psql("postgres", &query)
}

#[tokio::test]
async fn a_recipe_is_built_once_and_sealed() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let recipe = recipe(base(), &["create table a (id int);", "create table b (id int);"]);
    let first = shared.ensure_template(&recipe).await.unwrap();
    assert_eq!((first.layers_built, notes.layers()), (2, vec!["1/2".into(), "2/2".into()]));
    assert_eq!(first.name, template_name(&recipe.fingerprint()));
    assert_eq!(of_database(&first.name, &format!("{SEALED}, datconnlimit")), "t|-1");
    let comment = of_database(&first.name, "shobj_description(oid, 'pg_database')");
    assert!(comment.contains(&recipe.fingerprint().to_string()), "{comment}");

    let second = shared.ensure_template(&recipe).await.unwrap();
    assert_eq!((second.layers_built, second.name), (0, first.name));
    assert!(notes.layers().is_empty());
}

#[tokio::test]
async fn an_added_migration_is_the_only_one_built() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let base = base();
    let (a, b) = ("create table a (id int);", "alter table a add b int;");
    let c = "alter table a add c int;";
    shared.ensure_template(&recipe(base, &[a, b])).await.unwrap();
    notes.layers();
    let added = shared.ensure_template(&recipe(base, &[a, b, c])).await.unwrap();
    assert_eq!((added.layers_built, notes.layers()), (1, vec!["3/3".to_owned()]));

    // Editing the last one starts from the same prefix.
    let edited = recipe(base, &[a, b, "alter table a add d int;"]);
    let edited = shared.ensure_template(&edited).await.unwrap();
    assert_eq!((edited.layers_built, notes.layers()), (1, vec!["3/3".to_owned()]));

    // Editing the first one shares nothing.
    let other = recipe(base, &["create table a (id bigint);", b, c]);
    assert_eq!(shared.ensure_template(&other).await.unwrap().layers_built, 3);
}

#[tokio::test]
async fn of_two_builders_one_builds_and_one_waits() {
    let admin = admin(&SERVER, "postgres");
    let (one, two) = (Notes::default(), Notes::default());
    let recipe = recipe(base(), &["create table a (id int);", "select pg_sleep(0.5);"]);
    let (first, second) = (shared(&admin, &one), shared(&admin, &two));
    let (first, second) =
        tokio::join!(first.ensure_template(&recipe), second.ensure_template(&recipe));
    let built = [first.unwrap().layers_built, second.unwrap().layers_built];
    assert_eq!(built.iter().sum::<usize>(), 2, "{built:?}");
    assert!(built.contains(&0), "{built:?}");
    let heard = format!("{}{}", one.notices(), two.notices());
    assert_eq!(heard.matches("waiting for it").count(), 1, "{heard}");
}

#[tokio::test]
async fn waiting_for_another_builder_is_bounded() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let recipe = recipe(base(), &["select 1;"]);
    let key = u64::from_str_radix(&recipe.fingerprint().short(), 16).unwrap().cast_signed();
    let holder = Session::connect(&admin, "test", Duration::from_secs(5)).await.unwrap();
    holder.batch(&format!("select pg_advisory_lock({key})")).await.unwrap();
    let shared = Shared { build_wait: Duration::from_millis(200), ..shared(&admin, &notes) };
    let failure = shared.ensure_template(&recipe).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Timeout);
    holder.close().await;
    assert_eq!(shared.ensure_template(&recipe).await.unwrap().layers_built, 1);
}

/// A recipe that takes ten minutes as long as the role `switch` exists.
fn slow(switch: &str) -> Recipe {
    let wait = format!(
        "do $$ begin if exists (select from pg_roles where rolname = '{switch}') \
         then perform pg_sleep(600); end if; end $$;"
    );
    recipe(base(), &["create table a (id int);", &wait])
}

#[tokio::test]
async fn a_builder_that_dies_is_followed_by_another() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let switch = unique("switch");
    let _ = SERVER.psql("postgres", &format!("create role {switch}"));
    let recipe = slow(&switch);
    let shared = shared(&admin, &notes);
    let build = shared.ensure_template(&recipe);
    // Dropping the future cuts its connections, as the kernel does for a
    // killed process.
    assert!(tokio::time::timeout(Duration::from_millis(800), build).await.is_err());
    let name = template_name(&recipe.fingerprint());
    assert_eq!(of_database(&name, SEALED), "f");
    assert_eq!(notes.layers(), ["1/2"]);

    let _ = SERVER.psql("postgres", &format!("drop role {switch}"));
    assert_eq!(shared.ensure_template(&recipe).await.unwrap().layers_built, 2);
    assert_eq!(of_database(&name, SEALED), "t");
}

#[tokio::test]
async fn an_abandoned_build_is_thrown_away_in_any_state() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    for state in ["", "comment", "closed"] {
        let recipe = recipe(base(), &["create table a (id int);"]);
        let name = template_name(&recipe.fingerprint());
        let _ =
            SERVER.psql("postgres", &format!("create database {name} connection limit 1397048644"));
        let _ = SERVER.psql(&name, "create table a (half int)");
        if !state.is_empty() {
            let fingerprint = recipe.fingerprint();
            let comment =
                format!("seedbed {{\"kind\":\"template\",\"fingerprint\":\"{fingerprint}\"}}");
            let _ = SERVER.psql("postgres", &format!("comment on database {name} is '{comment}'"));
        }
        if state == "closed" {
            let _ =
                SERVER.psql("postgres", &format!("alter database {name} allow_connections false"));
        }
        assert_eq!(shared.ensure_template(&recipe).await.unwrap().layers_built, 1, "{state}");
        assert_eq!(of_database(&name, SEALED), "t");
    }
}

#[tokio::test]
async fn a_foreign_database_under_our_name_is_refused() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let recipe = recipe(base(), &["create table a (id int);"]);
    let name = template_name(&recipe.fingerprint());
    let _ = SERVER.psql("postgres", &format!("create database {name}"));
    let _ = SERVER.psql(&name, "create table precious (id int)");
    let failure = shared(&admin, &notes).ensure_template(&recipe).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Refused);
    assert!(failure.hints()[0].contains("RENAME TO"), "{:?}", failure.hints());
    assert_eq!(SERVER.psql(&name, "select count(*) from precious"), "0");
}

#[tokio::test]
async fn a_failed_build_leaves_nothing() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let recipe = recipe(base(), &["create table a (id int);", "select 1;\nselect nope;"]);
    let failure = shared(&admin, &notes).ensure_template(&recipe).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Build);
    assert_eq!(failure.to_string(), "migrations/0002_m.sql:2 failed");
    assert!(!exists(&SERVER, &template_name(&recipe.fingerprint())));
    assert_eq!(notes.notices(), "");
}

#[tokio::test]
async fn one_migrations_settings_do_not_reach_the_next() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let base = base();
    let first = "select pg_catalog.set_config('search_path', '', false);";
    let second = "create table a (id int);";
    // Built at a stretch, and from the prefix: the same either way.
    shared.ensure_template(&recipe(base, &[first, second])).await.unwrap();
    shared.ensure_template(&recipe(base, &[first])).await.unwrap();
    shared.ensure_template(&recipe(base, &[first, "create table b (id int);"])).await.unwrap();
}

#[tokio::test]
async fn a_setting_of_the_database_reaches_the_next_migration() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let first = "create schema app; do $$ begin execute format('alter database %I \
                 set search_path to app', current_database()); end $$;";
    let second = "create table a (id int); create table app.a ();";
    for prefix in [false, true] {
        let base = base();
        if prefix {
            shared.ensure_template(&recipe(base, &[first])).await.unwrap();
        }
        let failure = shared.ensure_template(&recipe(base, &[first, second])).await.unwrap_err();
        let said = failure.chain();
        assert!(said.contains("\"a\" already exists"), "{prefix}: {said}");
    }
}

#[tokio::test]
async fn a_long_build_keeps_the_state_before_its_last_layer() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let base = base();
    let long = ["create table a (id int);", "select pg_sleep(0.6);"];
    let wrong = recipe(base, &[long[0], long[1], "alter table a add b int, add nope;"]);
    shared.ensure_template(&wrong).await.unwrap_err();
    notes.layers();
    // Correcting the migration that failed runs that one alone.
    let right = recipe(base, &[long[0], long[1], "alter table a add b int;"]);
    assert_eq!(shared.ensure_template(&right).await.unwrap().layers_built, 1);
    assert_eq!(notes.layers(), ["3/3"]);
    assert_eq!(of_database(&template_name(&recipe(base, &long).fingerprint()), SEALED), "t");
    assert_eq!(notes.notices(), "");
}

#[tokio::test]
async fn a_command_builds_a_template() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let shared = shared(&admin, &notes);
    let words = |sql: &str| vec!["psql".to_owned(), "-Xqc".to_owned(), sql.to_owned()];
    let good = Recipe::command(words("create table a (id int)"), Vec::new(), base()).unwrap();
    assert_eq!(shared.ensure_template(&good).await.unwrap().layers_built, 1);
    let bad = Recipe::command(vec!["false".to_owned()], Vec::new(), base()).unwrap();
    assert_eq!(shared.ensure_template(&bad).await.unwrap_err().kind(), Kind::Build);
    assert!(!exists(&SERVER, &template_name(&bad.fingerprint())));
}

#[tokio::test]
async fn a_session_a_recipe_leaves_behind_is_ended() {
    let (admin, notes) = (admin(&SERVER, "postgres"), Notes::default());
    let recipe = recipe(base(), &["select pg_sleep(1);"]);
    let name = template_name(&recipe.fingerprint());
    let shared = shared(&admin, &notes);
    let visitor = async {
        let target: Target = admin.with_database(&name);
        loop {
            match Session::connect(&target, "visitor", Duration::from_secs(1)).await {
                Ok(session) => return session,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    let (template, visitor) = tokio::join!(shared.ensure_template(&recipe), visitor);
    template.unwrap();
    assert!(visitor.batch("select 1").await.is_err());
}
