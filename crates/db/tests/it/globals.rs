//! Roles and tablespaces: what belongs to the cluster, not to a database.

use std::fs;

use seedbed_api::{Kind, Silent};
use seedbed_db::{Apply, Globals, TablespaceRoot};
use seedbed_testkit::Server;

use crate::ground::{SERVER, apply, database, dump, migration, session, unique};

fn role(name: &str, expression: &str) -> String {
    SERVER.psql("postgres", &format!("select {expression} from pg_roles where rolname = '{name}'"))
}

#[tokio::test]
async fn a_role_created_twice_gets_the_options_of_the_second_time() {
    let (first, second) = (database(), database());
    let (name, group) = (unique("app"), unique("group"));
    let create =
        |options| migration(&format!("create role {group};\ncreate role {name} {options};"));
    apply(&first, &create("login connection limit 3"), Globals::Ours).await.unwrap();
    assert_eq!(role(&name, "rolcanlogin, rolconnlimit"), "t|3");

    let again =
        migration(&format!("create role {name} nologin connection limit -1 in role {group};"));
    apply(&second, &again, Globals::Ours).await.unwrap();
    assert_eq!(role(&name, "rolcanlogin, rolconnlimit"), "f|-1");
    assert_eq!(role(&name, &format!("pg_has_role(oid, '{group}', 'MEMBER')")), "t");
}

#[tokio::test]
async fn a_role_of_a_foreign_server_is_left_as_it_is() {
    let target = database();
    let name = unique("app");
    let script = migration(&format!("create role {name} login;"));
    let notes = apply(&target, &script, Globals::Theirs).await.unwrap();
    assert!(notes.contains("stays on this server"), "{notes}");

    let script = migration(&format!("create role {name} nologin createdb;\nselect 1;"));
    let notes = apply(&target, &script, Globals::Theirs).await.unwrap();
    assert!(notes.contains("left as it is"), "{notes}");
    assert_eq!(role(&name, "rolcanlogin, rolcreatedb"), "t|f");
}

#[tokio::test]
async fn our_own_role_keeps_its_rights() {
    let target = database();
    let script = migration("create role postgres nosuperuser nologin;");
    let notes = apply(&target, &script, Globals::Ours).await.unwrap();
    assert!(notes.contains("left as it is"), "{notes}");
    assert_eq!(role("postgres", "rolsuper, rolcanlogin"), "t|t");
}

#[tokio::test]
async fn two_builds_may_create_one_role_at_the_same_time() {
    let name = unique("app");
    let script = migration(&format!("create role {name} login;\nselect pg_sleep(0.2);"));
    let (first, second) = (database(), database());
    let (one, two) =
        tokio::join!(apply(&first, &script, Globals::Ours), apply(&second, &script, Globals::Ours));
    one.unwrap();
    two.unwrap();
    assert_eq!(role(&name, "rolcanlogin"), "t");
}

#[tokio::test]
async fn roles_a_dump_mentions_are_supplied_or_asked_for() {
    let target = database();
    let name = unique("owner");
    let sql = format!("create table t (id int);\nALTER TABLE public.t OWNER TO {name};\n");
    let failure = apply(&target, &dump(&sql), Globals::Theirs).await.unwrap_err();
    assert_eq!(failure.hints(), [format!("CREATE ROLE \"{name}\" NOLOGIN;")]);
    assert_eq!(role(&name, "1"), "");

    let notes = apply(&target, &dump(&sql), Globals::Ours).await.unwrap();
    assert!(notes.contains(&format!("`{name}`")), "{notes}");
    assert_eq!(role(&name, "rolcanlogin"), "f");
}

#[tokio::test]
async fn a_tablespace_gets_a_folder_of_this_server() {
    // A server of its own: its folder is the tablespaces' root too.
    let server = Server::start();
    let folder = server.folder().join("tablespaces");
    fs::create_dir(&folder).unwrap();
    if let Some((user, group)) = server.owner() {
        std::os::unix::fs::chown(&folder, Some(user), Some(group)).unwrap();
    }
    let root = TablespaceRoot { folder: folder.clone(), owner: server.owner() };
    let target = seedbed_db::Target::parse(&server.url("postgres", "postgres")).unwrap();
    let session = session(&target).await;
    let apply = Apply { globals: Globals::Ours, tablespaces: Some(&root), listener: &Silent };
    let script = migration(
        "create tablespace fast location '/mnt/nowhere';\n\
         create table if not exists t (id int) tablespace fast;",
    );
    // The second time it exists.
    for _ in 0..2 {
        apply.run(&session, &script).await.unwrap();
    }
    let location = "select pg_tablespace_location(oid) from pg_tablespace where spcname = 'fast'";
    assert_eq!(server.psql("postgres", location), folder.join("fast").display().to_string());

    // A folder that holds something is not handed to the server.
    fs::create_dir(folder.join("slow")).unwrap();
    fs::write(folder.join("slow/precious"), "x").unwrap();
    let script = migration("create tablespace slow location '/mnt/nowhere';");
    let failure = apply.run(&session, &script).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::Environment);
    assert_eq!(failure.hints(), [format!("rm -r {}", folder.join("slow").display())]);
    assert!(folder.join("slow/precious").exists());
    // The keeper of the server runs under its account and could not remove it.
    fs::remove_dir_all(folder.join("slow")).unwrap();
}
