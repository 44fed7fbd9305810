//! What changes a fingerprint and what does not.

use std::collections::HashSet;

use seedbed_recipe::{Fingerprint, Format, Recipe};

use crate::{base, file, files};

fn prints(list: &[(&str, &str)], format: Format) -> Vec<Fingerprint> {
    let recipe = Recipe::migrations("migrations", files(list), Some(format), base()).unwrap();
    recipe.layers.iter().map(|layer| layer.fingerprint).collect()
}

#[test]
fn a_changed_layer_changes_itself_and_what_follows() {
    let before = prints(&[("1_a.sql", "a"), ("2_b.sql", "b"), ("3_c.sql", "c")], Format::Sql);
    let edited = prints(&[("1_a.sql", "a"), ("2_b.sql", "B"), ("3_c.sql", "c")], Format::Sql);
    assert_eq!(before[0], edited[0]);
    assert_ne!(before[1], edited[1]);
    assert_ne!(before[2], edited[2]);
    let added = prints(
        &[("1_a.sql", "a"), ("2_b.sql", "b"), ("3_c.sql", "c"), ("4_d.sql", "d")],
        Format::Sql,
    );
    assert_eq!(before, added[..3]);
}

#[test]
fn a_name_counts_where_it_reaches_the_database() {
    let one = |name: &str, format| prints(&[(name, "a")], format);
    assert_eq!(one("1_a.sql", Format::Sql), one("7_renamed.sql", Format::Sql));
    assert_ne!(one("1_a.sql", Format::Sqlx), one("1_b.sql", Format::Sqlx));
    assert_ne!(one("1_a.sql", Format::Sqlx), one("2_a.sql", Format::Sqlx));
    assert_eq!(one("1_a/up.sql", Format::Diesel), one("1_b/up.sql", Format::Diesel));
    assert_ne!(one("1_a/up.sql", Format::Diesel), one("2_a/up.sql", Format::Diesel));
    assert_ne!(one("1_a.sql", Format::Sql), one("1_a.sql", Format::Sqlx));
}

#[test]
fn metadata_counts_and_the_way_down_does_not() {
    let up = ("1_a/up.sql", "a");
    let bare = prints(&[up], Format::Diesel);
    assert_eq!(bare, prints(&[up, ("1_a/down.sql", "x")], Format::Diesel));
    let empty = prints(&[up, ("1_a/metadata.toml", "")], Format::Diesel);
    let set = prints(&[up, ("1_a/metadata.toml", "run_in_transaction = false")], Format::Diesel);
    assert_ne!(bare, empty);
    assert_ne!(bare, set);
    assert_ne!(empty, set);
    assert_eq!(
        prints(&[("1_a.sql", "a")], Format::Sqlx),
        prints(&[("1_a.up.sql", "a"), ("1_a.down.sql", "x")], Format::Sqlx)
    );
}

#[test]
fn the_base_lies_below_everything() {
    let other = Fingerprint::of("test", &[b"PostgreSQL 16"]);
    assert_eq!(Recipe::empty(base()).fingerprint(), base());
    let on = |base| Recipe::dump(file("a.sql", "SELECT 1"), base).unwrap().fingerprint();
    assert_ne!(on(base()), on(other));
    let seeded = |base| Recipe::empty(base).with_seeds(vec![file("a.sql", "SELECT 1")]);
    assert_ne!(seeded(base()).unwrap().fingerprint(), on(base()));
}

#[test]
fn the_longest_known_prefix_is_shared() {
    let list = files(&[("1.sql", "a"), ("2.sql", "b"), ("3.sql", "c")]);
    let recipe = Recipe::migrations("migrations", list, None, base()).unwrap();
    let known = |indexes: &[usize]| -> HashSet<Fingerprint> {
        indexes.iter().map(|index| recipe.layers[*index].fingerprint).collect()
    };
    for (indexes, expected) in [(&[][..], 0), (&[0], 1), (&[1], 2), (&[0, 2], 3)] {
        assert_eq!(recipe.shared_prefix(&known(indexes)), expected, "{indexes:?}");
    }
}

#[test]
fn fingerprints_are_known_without_reading_the_sql() {
    // Not UTF-8, never closed: only building it would fail.
    let broken = seedbed_recipe::SourceFile::new("migrations/1.sql", &b"SELECT '\xff"[..]);
    let recipe = Recipe::migrations("migrations", vec![broken], None, base()).unwrap();
    assert!(recipe.layers[0].action().is_err());
}

/// Caches outlive releases: a changed derivation throws every one away and
/// must be meant.
#[test]
fn the_derivation_is_frozen() {
    let recipe = Recipe::migrations("migrations", files(&[("1_a.sql", "SELECT 1;")]), None, base());
    let below = base();
    let expected = below.then(&[b"sql", b"0", b"SELECT 1;"]);
    assert_eq!(recipe.unwrap().fingerprint(), expected);
}
