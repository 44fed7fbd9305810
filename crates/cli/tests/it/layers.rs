//! Built once: what is applied again after a change, and what a damaged cache
//! does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::project::Project;

const MIGRATIONS: &[(&str, &str)] = &[
    ("migrations/1_a.sql", "CREATE TABLE a (id int);"),
    ("migrations/2_b.sql", "CREATE TABLE b (id int);"),
    ("migrations/3_c.sql", "CREATE TABLE c (id int); INSERT INTO c VALUES (1);"),
];

#[test]
fn only_what_changed_is_applied() {
    let project = Project::with(MIGRATIONS);
    let applied = || project.sh("true").applied();
    assert_eq!(applied(), ["1_a", "2_b", "3_c"]);
    assert!(applied().is_empty());

    project.write("migrations/4_d.sql", "CREATE TABLE d (id int);");
    assert_eq!(applied(), ["4_d"]);
    // The last one edited: the others are in an image.
    project.write("migrations/4_d.sql", "CREATE TABLE d (id bigint);");
    assert_eq!(applied(), ["4_d"]);
    let kind = "SELECT data_type FROM information_schema.columns WHERE table_name = 'd'";
    assert_eq!(project.query(kind), "bigint");

    // Cheap recipes keep no image of each layer: an old one edited is a rebuild.
    project.write("migrations/2_b.sql", "CREATE TABLE b (id bigint);");
    assert_eq!(applied().last().unwrap(), "4_d");
    assert_eq!(project.query("SELECT count(*) FROM a, b, c, d"), "0");
}

#[test]
fn switching_branches_back_and_forth_uses_the_cache() {
    let project = Project::with(MIGRATIONS);
    project.sh("true").succeeds();
    let on_branch = |sql: &str| project.write("migrations/4_branch.sql", sql);
    on_branch("CREATE TABLE x (id int);");
    assert_eq!(project.sh("psql -c 'SELECT * FROM x'").applied(), ["4_branch"]);
    on_branch("CREATE TABLE y (id int);");
    assert_eq!(project.sh("psql -c 'SELECT * FROM y'").applied(), ["4_branch"]);
    for (sql, table) in [("CREATE TABLE x (id int);", "x"), ("CREATE TABLE y (id int);", "y")] {
        on_branch(sql);
        assert!(project.sh(&format!("psql -c 'SELECT * FROM {table}'")).applied().is_empty());
    }
    fs::remove_file(project.root().join("migrations/4_branch.sql")).unwrap();
    assert!(project.sh("psql -c 'SELECT * FROM c'").applied().is_empty());
}

#[test]
fn a_restored_cache_folder_skips_initdb_and_migrations() {
    let first = Project::with(MIGRATIONS);
    first.sh("true").succeeds();
    let second = Project::cold();
    for (path, text) in MIGRATIONS {
        second.write(path, text);
    }
    let mut cp = std::process::Command::new("cp");
    // As an archive does: contents and names, but not the same files.
    let copied = cp.arg("-r").arg(first.cache()).arg(second.cache()).status().unwrap();
    assert!(copied.success());
    let outcome = second.sh("psql -XAtqc 'SELECT count(*) FROM c'");
    assert!(outcome.applied().is_empty());
    assert_eq!(outcome.stdout, "1\n");
    assert!(!outcome.stderr.contains("\"initdb\""), "{}", outcome.stderr);
}

/// The images in a project's cache.
fn images(project: &Project) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(project.cache().join("images")).unwrap().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// Replaces a file by a changed copy: images share files by hard links.
fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A project and its only image. On a busy machine a build takes so long that
/// one from halfway is kept as well.
fn built_at_once() -> (Project, PathBuf) {
    for _ in 0..10 {
        let project = Project::with(MIGRATIONS);
        let bases = images(&project);
        project.sh("true").succeeds();
        let made: Vec<PathBuf> = images(&project).difference(&bases).cloned().collect();
        if let [image] = &made[..] {
            return (project, image.clone());
        }
    }
    panic!("no build was done within half a second");
}

#[test]
fn damage_of_every_kind_is_noticed_and_built_again() {
    type Damage = fn(&Path);
    let kinds: [(&str, Damage); 6] = [
        ("a flipped bit", |image| {
            rewrite(&image.join("data/global/pg_filenode.map"), |bytes| bytes[100] ^= 1);
        }),
        ("a truncated file", |image| {
            rewrite(&image.join("data/global/pg_control"), |bytes| bytes.truncate(1000));
        }),
        ("a longer file", |image| {
            rewrite(&image.join("data/PG_VERSION"), |bytes| bytes.push(b'x'));
        }),
        ("a deleted file", |image| fs::remove_file(image.join("data/PG_VERSION")).unwrap()),
        ("a broken manifest", |image| {
            rewrite(&image.join("manifest"), |bytes| bytes.truncate(bytes.len() / 2));
        }),
        ("no manifest", |image| fs::remove_file(image.join("manifest")).unwrap()),
    ];
    let (project, image) = built_at_once();
    for (kind, damage) in kinds {
        damage(&image);
        let outcome = project.sh("psql -XAtqc 'SELECT count(*) FROM c'");
        assert_eq!(outcome.applied(), ["1_a", "2_b", "3_c"], "{kind}");
        assert_eq!(outcome.stdout, "1\n", "{kind}");
        assert!(outcome.stderr.contains("the cache is damaged"), "{kind}: {}", outcome.stderr);
        assert!(project.sh("true").applied().is_empty(), "{kind}: repaired");
    }
}

#[test]
fn a_damaged_base_is_made_again() {
    let project = Project::cold();
    project.sh("true").succeeds();
    for image in images(&project) {
        rewrite(&image.join("data/global/pg_control"), |bytes| bytes[9] ^= 8);
    }
    project.write("migrations/1_a.sql", "CREATE TABLE a (id int);");
    let outcome = project.sh("psql -XAtqc 'SELECT count(*) FROM a'");
    assert_eq!(outcome.succeeds().stdout, "0\n");
    assert!(outcome.stderr.contains("the cache is damaged"), "{}", outcome.stderr);
}

#[test]
fn gc_leaves_a_usable_cache() {
    let project = Project::with(MIGRATIONS);
    project.sh("true").succeeds();
    project.run(&["gc"]).succeeds();
    assert!(project.sh("true").applied().is_empty());
    fs::remove_dir_all(project.cache()).unwrap();
    assert_eq!(project.sh("true").applied().len(), 3, "deleting the cache costs time only");
}
