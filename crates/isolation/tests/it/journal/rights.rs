//! Who may rewind is known when the lease opens.

use seedbed_api::{Kind, Silent};
use seedbed_isolation::journal::{Journal, Rewindable, bake, strip};

use super::ground::{Lab, SERVER, connect, differences, mark, open, rewind, target};
use crate::ground::unique;

const SCHEMA: &str =
    "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1,'a'),(2,'b')";

async fn refusal(role: &str, database: &str) -> String {
    match Journal::open(&target(role, database)).await.unwrap() {
        Rewindable::No(why) => why,
        Rewindable::Yes(_) => panic!("{role} may rewind"),
    }
}

#[tokio::test]
async fn a_role_that_lacks_a_right_is_told_which() {
    let lab = Lab::new(SCHEMA).await;
    let role = unique("tester");
    let grant = |sql: &str| {
        let _ = SERVER.psql(&lab.database, &sql.replace("tester", &role));
    };
    grant("CREATE ROLE tester LOGIN CREATEDB");
    let database = lab.database.clone();
    let version = lab.session().await.server_version().0;
    let expected = [
        ("not a member", "GRANT postgres TO tester"),
        ("may not end sessions", "GRANT pg_signal_backend TO tester"),
        ("may not set session_replication_role", "SELECT 1"),
    ];
    for (why, remedy) in expected {
        let told = refusal(&role, &database).await;
        assert!(told.contains(why), "{told} instead of {why}");
        grant(remedy);
    }
    if version >= 15 {
        grant("GRANT SET ON PARAMETER session_replication_role TO tester");
        let mut journal = open(&role, &database).await;
        let mark = mark(&mut journal).await;
        let session = lab.session().await;
        session.batch("UPDATE t SET v = 'x'; DELETE FROM t WHERE id = 1").await.unwrap();
        rewind(&mut journal, &mark).await;
        assert_eq!(differences(&lab.contents(), &lab.untouched), None);
        journal.close().await;
        session.batch("ALTER TABLE t FORCE ROW LEVEL SECURITY").await.unwrap();
        let told = refusal(&role, &database).await;
        assert!(told.contains("row-level security"), "{told}");
    }
    let parameters = if version >= 15 {
        format!("REVOKE ALL ON PARAMETER session_replication_role FROM {role};")
    } else {
        String::new()
    };
    let sql = format!("{parameters} DROP ROLE {role}");
    let _ = SERVER.psql(&lab.database, &sql);
}

#[tokio::test]
async fn without_its_event_triggers_the_journal_is_of_no_use() {
    let lab = Lab::new(SCHEMA).await;
    let session = lab.session().await;
    session.batch("ALTER EVENT TRIGGER seedbed_journal_drop DISABLE").await.unwrap();
    let told = refusal("postgres", &lab.database).await;
    assert!(told.contains("event triggers"), "{told}");
}

/// The setting exists from 17 on; before, it cannot be set.
#[tokio::test]
async fn where_event_triggers_are_switched_off_nothing_is_rewound() {
    let lab = Lab::new(SCHEMA).await;
    let database = &lab.database;
    let set = format!("ALTER DATABASE {database} SET event_triggers = off");
    let session = lab.session().await;
    assert_eq!(session.batch(&set).await.is_ok(), session.server_version().0 >= 17);
    if session.server_version().0 >= 17 {
        let told = refusal("postgres", database).await;
        assert!(told.contains("switched off"), "{told}");
    }
}

#[tokio::test]
async fn baking_takes_a_superuser_and_leaves_nothing_otherwise() {
    let lab = Lab::new(SCHEMA).await;
    let owner = lab.session().await;
    strip(&owner).await.unwrap();
    let session = connect("app", &lab.database).await;
    let failure = bake(&session, &Silent).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Refused);
    assert!(!failure.hints().is_empty());
    assert_eq!(session.value("SELECT 1").await.unwrap().as_deref(), Some("1"), "transaction ended");
    let told = refusal("postgres", &lab.database).await;
    assert!(told.contains("without a journal"), "{told}");
}

/// What cannot be rewound is told when the template is made.
#[tokio::test]
async fn tables_that_cannot_be_rewound_are_named_when_baked() {
    let lab = Lab::new(&format!(
        "{SCHEMA}; CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING; ALTER TABLE t ENABLE ALWAYS RULE r; CREATE TABLE u (a int)"
    ))
    .await;
    assert_eq!(lab.baked.tables, 1);
    let [(name, why)] = lab.baked.not_rewindable.as_slice() else { panic!("{:?}", lab.baked) };
    assert_eq!(name, "public.t");
    assert!(why.contains("rule"), "{why}");
}
