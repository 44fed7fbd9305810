//! Who may use the lane is known when it is baked and when it is opened.

use seedbed_api::{Kind, Silent};
use seedbed_isolation::truncate::{Emptiable, Emptier, bake, strip};

use super::ground::{Contents, Lab, ROLES, SERVER, connect, contents, differences, target};
use crate::ground::unique;

const SETUP: &str = "CREATE TABLE t (a serial PRIMARY KEY); INSERT INTO t DEFAULT VALUES; CREATE SEQUENCE c CACHE 30; CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT";

async fn refusal(role: &str, database: &str) -> String {
    match Emptier::open(&target(role, database)).await.unwrap() {
        Emptiable::No(why) => why,
        Emptiable::Yes(_) => panic!("{role} may reset"),
    }
}

#[tokio::test]
async fn strip_leaves_no_trace() {
    for role in ROLES {
        let plain = unique("truncate_s");
        let _ = SERVER
            .psql("postgres", &format!("CREATE DATABASE {plain} TEMPLATE template0 OWNER {role}"));
        let _ = SERVER.psql(&plain, &format!("SET SESSION AUTHORIZATION {role}; {SETUP}"));
        let before: Contents = contents(&plain);
        let session = connect(role, &plain).await;
        let first = bake(&session, &Silent).await.unwrap();
        assert_eq!((first.tables, first.rows), (2, 1));
        assert!(differences(&contents(&plain), &before).is_some());
        let again = bake(&session, &Silent).await.unwrap();
        assert_eq!((again.tables, again.rows), (2, 1), "baked anew");
        strip(&session).await.unwrap();
        strip(&session).await.unwrap();
        session.close().await;
        assert_eq!(differences(&contents(&plain), &before), None);
        let told = refusal(role, &plain).await;
        assert!(told.contains("not made for"), "{told}");
        let _ = SERVER.psql("postgres", &format!("DROP DATABASE {plain} WITH (FORCE)"));
    }
}

#[tokio::test]
async fn baking_takes_the_owner_of_every_table_and_leaves_nothing_otherwise() {
    let lab = Lab::new("app", SETUP).await;
    let clone = unique("truncate_b");
    lab.clone_as(&clone);
    let _ =
        SERVER.psql(&clone, "DROP SCHEMA seedbed_truncate CASCADE; CREATE TABLE theirs (a int)");
    let session = connect("app", &clone).await;
    let failure = bake(&session, &Silent).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Refused);
    assert!(failure.to_string().contains("`public.theirs` belongs to postgres"), "{failure}");
    assert!(!failure.hints().is_empty());
    assert_eq!(session.value("SELECT 1").await.unwrap().as_deref(), Some("1"), "transaction ended");
    assert_eq!(
        SERVER.psql(&clone, "SELECT count(*) FROM pg_namespace WHERE nspname = 'seedbed_truncate'"),
        "0"
    );
    let _ = SERVER.psql("postgres", &format!("DROP DATABASE {clone} WITH (FORCE)"));
}

#[tokio::test]
async fn a_role_that_lacks_a_right_is_told_which() {
    let lab = Lab::new("app", SETUP).await;
    let told = refusal("other_login", &lab.database_for_other()).await;
    assert!(told.contains("GRANT app TO \"other_login\""), "{told}");
    let _ = SERVER.psql("postgres", "DROP ROLE other_login");
}

impl Lab {
    fn database_for_other(&self) -> String {
        let _ = SERVER.psql("postgres", "CREATE ROLE other_login LOGIN");
        self.database.clone()
    }
}

#[tokio::test]
async fn large_objects_of_the_template_are_refused() {
    let lab = Lab::new("app", &format!("{SETUP}; SELECT lo_create(0)")).await;
    let told = refusal("app", &lab.database).await;
    assert!(told.contains("large objects"), "{told}");
}

/// Another role may write through its grants without rights on our schema.
#[tokio::test]
async fn a_role_without_rights_on_the_lane_is_noted() {
    let lab = Lab::with(
        "app",
        &format!("{SETUP}; GRANT INSERT, USAGE ON ALL SEQUENCES IN SCHEMA public TO writer")
            .replace("INSERT, USAGE", "USAGE"),
        "DO $$BEGIN CREATE ROLE writer LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END$$",
    )
    .await;
    let _ = SERVER.psql(&lab.template, "SELECT 1");
    let clone = unique("truncate_w");
    let _ = SERVER
        .psql("postgres", &format!("CREATE DATABASE {clone} TEMPLATE {} OWNER app", lab.template));
    let owner = connect("app", &clone).await;
    strip(&owner).await.unwrap();
    owner.batch("GRANT INSERT ON t TO writer").await.unwrap();
    bake(&owner, &Silent).await.unwrap();
    let mut emptier = super::ground::open("app", &clone).await;
    let writer = connect("writer", &clone).await;
    writer.batch("INSERT INTO t DEFAULT VALUES").await.unwrap();
    assert!(writer.batch("SELECT * FROM seedbed_truncate.dirty").await.is_err());
    assert_eq!(emptier.dirty().await.unwrap(), ["public.t"]);
    assert_eq!(super::ground::reset(&mut emptier).await, 1);
    let _ = SERVER.psql("postgres", &format!("DROP DATABASE {clone} WITH (FORCE)"));
}
