//! Data that several cases share. Tests of cargo-nextest are processes and share nothing, so the
//! cases are one test, with a mark between them: the team is built once, committed, and there in
//! every case, whatever the one before has done to it.

use crate::lease::Lease;
use crate::rows::{join, members, one};

#[test]
fn a_team_is_there_in_every_case() {
    let mut database = Lease::acquire();
    for name in ["cem", "dee", "eve"] {
        join(&mut database.one, &format!("{name}@example.org")).unwrap();
    }
    let team = database.mark();
    for (case, replaces) in [
        (one_more_joins as fn(&mut Lease), false),
        (the_schema_changes, true),
        (everybody_leaves, false),
    ] {
        let emails = "SELECT string_agg(split_part(email, '@', 1), ' ' ORDER BY id) FROM members";
        assert_eq!(one::<String>(&mut database.one, emails), "cem dee eve");
        assert_eq!(columns(&mut database), 3);
        case(&mut database);
        assert_eq!(database.rewind(&team), replaces);
    }
}

fn columns(database: &mut Lease) -> i64 {
    let count = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'members'";
    one(&mut database.two, count)
}

fn one_more_joins(database: &mut Lease) {
    assert_eq!(join(&mut database.one, "ada@example.org").unwrap(), 4);
    assert_eq!(members(&mut database.two), 4);
}

fn the_schema_changes(database: &mut Lease) {
    let change = "ALTER TABLE members ADD COLUMN since date NOT NULL DEFAULT '2026-01-01';
                  DELETE FROM members WHERE id = 3";
    database.one.batch_execute(change).unwrap();
    assert_eq!(join(&mut database.one, "ada@example.org").unwrap(), 4);
    assert_eq!(columns(database), 4);
}

fn everybody_leaves(database: &mut Lease) {
    database.one.batch_execute("DELETE FROM members").unwrap();
    assert_eq!(members(&mut database.two), 0);
    assert_eq!(join(&mut database.two, "ada@example.org").unwrap(), 4);
}
