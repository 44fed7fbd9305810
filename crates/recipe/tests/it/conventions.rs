//! Which files of a folder are migrations, in which order, with which rows.

use seedbed_api::{Kind, Result};
use seedbed_recipe::{Action, Format, Recipe};

use crate::{base, file, files, script};

fn folder(list: &[(&str, &str)], format: Option<Format>) -> Result<Recipe> {
    Recipe::migrations("migrations", files(list), format, base())
}

/// Names of the layers of a folder whose files hold nothing of interest.
fn names(paths: &[&str], format: Option<Format>) -> Vec<String> {
    let list: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "SELECT 1;")).collect();
    folder(&list, format).unwrap().layers.into_iter().map(|layer| layer.name).collect()
}

fn refusal(paths: &[&str], format: Option<Format>) -> (String, String) {
    let list: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "SELECT 1;")).collect();
    let failure = folder(&list, format).unwrap_err();
    assert_eq!(failure.kind(), Kind::Recipe);
    (failure.to_string(), failure.hints().join("\n"))
}

#[test]
fn plain_files_run_in_the_order_of_their_numbers() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["10_c.sql", "9_b.sql", "001_a.sql"], &["001_a", "9_b", "10_c"]),
        (&["2.sql", "1.sql", "README.md", ".3.sql", "atlas.sum"], &["1", "2"]),
        (&["V10__b.sql", "V2__a.sql", "V2.1__x.SQL"], &["V2__a", "V2.1__x", "V10__b"]),
        (&["1_a.up.sql", "1_a.down.sql", "2_b.down.sql", "2_b.up.sql"], &["1_a", "2_b"]),
        (&["1_a-up.sql", "1_a-down.sql", "2_break-down.sql"], &["1_a-up", "2_break-down"]),
        (&["1_a.sql", "1_a.rollback.sql"], &["1_a"]),
        (&["up/1_a.sql", "down/1_a.sql", "up/2_b.sql"], &["1_a", "2_b"]),
        (
            &["20240101120000-b.sql", "20231231235959-a.sql"],
            &["20231231235959-a", "20240101120000-b"],
        ),
        (&["2018-06-04-1_b.sql", "2018-06-03-2_a.sql"], &["2018-06-03-2_a", "2018-06-04-1_b"]),
        (&["1_a.sql", "deep/2_b.sql"], &["1_a"]),
        (&["b.sql", "a.sql"], &["a", "b"]),
    ];
    for (paths, expected) in cases {
        assert_eq!(names(paths, None), *expected, "{paths:?}");
    }
}

#[test]
fn what_is_passed_over_or_guessed_is_said() {
    let notices = |paths: &[&str], format| {
        let list: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "")).collect();
        folder(&list, format).unwrap().notices
    };
    assert!(notices(&["1_a.sql", "x.txt"], None).is_empty());
    assert!(notices(&["b.sql", "a.sql"], None)[0].contains("order of their names"));
    assert!(notices(&["1.sql", "deep/2.sql"], None)[0].ends_with("in: deep"));
    let deep = ["1.sql", "a/2.sql", "b/2.sql", "c/2.sql", "d/2.sql", "e/2.sql"];
    assert!(notices(&deep, None)[0].ends_with("in: a, b, c and 2 more"));
    let sqlx = notices(&["1_a.sql", "a.sql"], Some(Format::Sqlx));
    assert!(sqlx[0].starts_with("migrations/a.sql is passed over"), "{sqlx:?}");
}

#[test]
fn folders_that_cannot_be_ordered_are_refused_with_the_files_named() {
    let both = |(message, _): (String, String), parts: [&str; 2]| {
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    };
    both(refusal(&["001_a.sql", "1_b.sql"], None), ["migrations/001_a.sql", "migrations/1_b.sql"]);
    both(refusal(&["1_a.sql", "seed.sql"], None), ["migrations/seed.sql", "no number"]);
    both(refusal(&["V1__a.sql", "R__v.sql"], None), ["migrations/R__v.sql", "no number"]);
    both(refusal(&["V1__a.sql", "U1__a.sql"], None), ["migrations/U1__a.sql", "Flyway"]);
    both(
        refusal(&["01_a.sql", "1_b.sql"], Some(Format::Sqlx)),
        ["migrations/01_a.sql", "migrations/1_b.sql"],
    );
    both(refusal(&["x_a.sql"], Some(Format::Sqlx)), ["migrations/x_a.sql", "integer version"]);
    both(
        refusal(&["2024-01_a/up.sql", "202401_b/up.sql"], None),
        ["2024-01_a/up.sql", "202401_b/up.sql"],
    );
}

#[test]
fn an_empty_folder_says_what_was_looked_for() {
    for (paths, format, message, hint) in [
        (
            &[][..],
            None,
            "no migration in `migrations`: looked for numbered SQL files",
            "migrations =",
        ),
        (&["README.md"], Some(Format::Sqlx), "<VERSION>_<DESCRIPTION>.sql (sqlx)", "migrations ="),
        (
            &["1.sql"],
            Some(Format::Diesel),
            "up.sql (Diesel)",
            "[recipe]\nmigrations = \"migrations\"",
        ),
        (&["2024/sql/1.sql"], None, "no migration", "migrations = \"migrations/2024/sql\""),
        (&["versions/a.py"], None, "no migration", "alembic upgrade head"),
        (&["1_a/migration.sql"], None, "no migration", "npx prisma migrate deploy"),
        (&["1_a.rb"], None, "no migration", "bin/rails db:migrate"),
    ] {
        let (failure, hints) = refusal(paths, format);
        assert!(failure.contains(message), "{failure}");
        assert!(hints.contains(hint), "{hints}");
    }
}

#[test]
fn files_outside_the_folder_and_the_way_it_is_written_do_not_matter() {
    for root in ["db/m", "./db/m", "db/m/"] {
        let files = vec![file("db/m/1.sql", ""), file("db/m2/2.sql", ""), file("x.sql", "")];
        let recipe = Recipe::migrations(root, files, None, base()).unwrap();
        assert_eq!(recipe.layers.len(), 1, "{root}");
        assert_eq!(recipe.layers[0].file, "db/m/1.sql");
    }
    let recipe = Recipe::migrations(".", vec![file("1.sql", "")], None, base()).unwrap();
    assert_eq!(recipe.layers[0].file, "1.sql");
}

#[test]
fn only_formats_of_folders_are_taken() {
    for format in [Format::Dump, Format::Command, Format::Seed] {
        assert_eq!(folder(&[("1.sql", "")], Some(format)).unwrap_err().kind(), Kind::Recipe);
    }
}

#[test]
fn sqlx_folders_leave_the_rows_sqlx_looks_for() {
    let recipe = folder(
        &[
            ("20240102000000_add_users.up.sql", "-- no-transaction\nSELECT 1;"),
            ("20240102000000_add_users.down.sql", "DROP TABLE users;"),
            ("1_it's_first.sql", "abc"),
            ("-5_negative.sql", "SELECT 1"),
            ("README.sql", "SELECT 1"),
        ],
        Some(Format::Sqlx),
    )
    .unwrap();
    let names: Vec<&str> = recipe.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["-5_negative", "1_it's_first", "20240102000000_add_users"]);

    let first = script(&recipe, 1);
    assert!(first.transaction);
    assert!(first.before[0].starts_with("CREATE TABLE IF NOT EXISTS _sqlx_migrations ("));
    // `printf abc | sha384sum`
    assert_eq!(
        first.after,
        ["INSERT INTO _sqlx_migrations \
          (version, description, success, checksum, execution_time) \
          VALUES (1, 'it''s first', TRUE, decode('\
          cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
          8086072ba1e7cc2358baeca134c825a7', 'hex'), 0)"]
    );
    let users = script(&recipe, 2);
    assert!(!users.transaction);
    assert!(users.after[0].contains("(20240102000000, 'add users', TRUE"), "{:?}", users.after);
}

#[test]
fn diesel_folders_are_recognised_and_leave_its_rows() {
    let recipe = folder(
        &[
            ("2018-06-04-231645_b/up.sql", "SELECT 1;"),
            ("2018-06-04-231645_b/down.sql", "SELECT 2;"),
            ("2018-06-04-231645_b/metadata.toml", "run_in_transaction = false\n"),
            ("00000000000000_diesel_initial_setup/up.sql", "SELECT 0;"),
            ("20170101_a_x/up.sql", "SELECT 0;"),
            ("20170101_a_x/metadata.toml", "run_in_transaction = true"),
            ("20190101_c/up.sql", "SELECT 0;"),
            ("20190101_c/metadata.toml", "# nothing"),
            (".keep/up.sql", ""),
            ("README.md", ""),
        ],
        None,
    )
    .unwrap();
    assert_eq!(recipe.format, Format::Diesel);
    let found: Vec<(String, bool, String)> = (0..recipe.layers.len())
        .map(|index| {
            let script = script(&recipe, index);
            let row = script.after.last().unwrap().clone();
            let version = row.split('\'').nth(1).unwrap().to_owned();
            (recipe.layers[index].name.clone(), script.transaction, version)
        })
        .collect();
    let expected = [
        ("00000000000000_diesel_initial_setup", true, "00000000000000"),
        ("20170101_a_x", true, "20170101"),
        ("2018-06-04-231645_b", false, "20180604231645"),
        // Diesel reads a file without the key as `false`.
        ("20190101_c", false, "20190101"),
    ];
    assert_eq!(found, expected.map(|(name, one, version)| (name.into(), one, version.into())));
    assert!(
        script(&recipe, 0).before[0]
            .starts_with("CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (")
    );
}

#[test]
fn diesel_files_that_diesel_would_stumble_over_are_refused() {
    for (metadata, up, message) in [
        ("run_in_transaction = \"no\"", "SELECT 1", "neither true nor false"),
        ("run_in_transaction", "SELECT 1", "cannot read migrations/1_a/metadata.toml"),
        ("", "", "migrations/1_a/up.sql is empty"),
    ] {
        let list = [("1_a/up.sql", up), ("1_a/metadata.toml", metadata)];
        let failure = folder(&list, None).unwrap_err();
        assert!(failure.to_string().contains(message), "{failure}");
    }
}

#[test]
fn another_migrators_markers_are_refused_early_or_at_the_latest_when_read() {
    let early = folder(&[("1.sql", "-- +goose Up\nSELECT 1;")], None).unwrap_err();
    assert!(early.hints()[0].contains("goose up"), "{:?}", early.hints());
    let late = folder(&[("1.sql", "SELECT 1;\n-- migrate:down\nSELECT 2;")], None).unwrap();
    let late = late.layers[0].action().unwrap_err();
    assert!(late.to_string().starts_with("migrations/1.sql:2 "), "{late}");
    let inside = folder(&[("1.sql", "SELECT '\n-- migrate:down\n';")], None).unwrap();
    assert!(inside.layers[0].action().is_ok());
}

#[test]
fn a_command_is_one_layer_over_its_words_and_inputs() {
    let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let make = |words: &[&str], inputs| Recipe::command(argv(words), inputs, base()).unwrap();
    let (a, b) = (file("a.py", "1"), file("b.py", "2"));
    let one = make(&["alembic", "upgrade", "head"], vec![a.clone(), b.clone()]);
    assert_eq!(one.layers.len(), 1);
    assert!(matches!(one.layers[0].action().unwrap(), Action::Command { argv } if argv.len() == 3));
    let same = make(&["alembic", "upgrade", "head"], vec![b.clone(), a.clone()]);
    assert_eq!(one.fingerprint(), same.fingerprint());
    for other in [
        make(&["alembic", "upgrade head"], vec![a.clone(), b]),
        make(&["alembic", "upgrade", "head"], vec![a.clone()]),
        make(&["alembic", "upgrade", "head"], vec![a.clone(), file("c.py", "2")]),
        make(&["alembic", "upgrade", "head"], vec![a, file("b.py", "3")]),
    ] {
        assert_ne!(one.fingerprint(), other.fingerprint());
    }
    assert_eq!(Recipe::command(Vec::new(), Vec::new(), base()).unwrap_err().kind(), Kind::Recipe);
    assert!(make(&["x"], Vec::new()).notices[0].contains("no inputs"));
}
