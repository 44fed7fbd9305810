//! Scripts that succeed, with and without a transaction of their own.

use seedbed_db::Globals;
use seedbed_recipe::Format;

use crate::ground::{SERVER, apply, database, dump, formatted, migration, refused};

#[tokio::test]
async fn an_index_is_built_concurrently() {
    let target = database();
    let _ = SERVER.psql(&target.database, "create table t (id int)");
    let script =
        formatted("-- no-transaction\ncreate index concurrently t_id on t (id);\n", Format::Sqlx);
    assert!(!script.transaction);
    apply(&target, &script, Globals::Ours).await.unwrap();
    let valid = "select indisvalid from pg_index where indexrelid = 't_id'::regclass";
    assert_eq!(SERVER.psql(&target.database, valid), "t");
}

#[tokio::test]
async fn a_file_with_a_concurrent_index_runs_whatever_it_says() {
    let target = database();
    let sql = "create table t (id int);\ncreate index concurrently t_id on t (id);\n";
    apply(&target, &migration(sql), Globals::Ours).await.unwrap();
}

#[tokio::test]
async fn a_transaction_left_open_is_an_error_not_a_loss() {
    let target = database();
    let sql = "-- no-transaction\nbegin;\ncreate table t (id int);\n";
    let failure = refused(&target, &formatted(sql, Format::Sqlx)).await;
    assert!(failure.to_string().ends_with("does not end it"), "{failure}");
    let sql = "-- no-transaction\nbegin;\ncreate table t (id int);\ncommit;\n";
    apply(&target, &formatted(sql, Format::Sqlx), Globals::Ours).await.unwrap();
}

#[tokio::test]
async fn the_migrators_books_are_kept() {
    let target = database();
    let script = formatted("create table t (id int);", Format::Sqlx);
    apply(&target, &script, Globals::Ours).await.unwrap();
    let books = "select version, description, success from _sqlx_migrations";
    assert_eq!(SERVER.psql(&target.database, books), "1|first|t");
}

#[tokio::test]
async fn a_failed_migration_leaves_no_entry_in_the_books() {
    let target = database();
    let _ = refused(&target, &formatted("select nope;", Format::Sqlx)).await;
    let books = "select to_regclass('_sqlx_migrations') is null";
    assert_eq!(SERVER.psql(&target.database, books), "t");
}

#[tokio::test]
async fn copy_data_larger_than_one_chunk_arrives_complete() {
    let target = database();
    let rows: String = (0..40_000).map(|row| format!("{row}\t{}\n", "x".repeat(40))).collect();
    let sql = format!("create table t (id int, pad text);\nCOPY t FROM stdin;\n{rows}\\.\n");
    apply(&target, &dump(&sql), Globals::Ours).await.unwrap();
    let count = "select count(*), sum(id), min(length(pad)) from t";
    assert_eq!(SERVER.psql(&target.database, count), "40000|799980000|40");
}

#[tokio::test]
async fn a_dump_may_set_what_this_server_does_not_know() {
    let target = database();
    let sql = "-- PostgreSQL database dump\n\n-- Dumped from database version 18.1\n\n\
               SET statement_timeout = 0;\nSET no_such_setting = 0;\ncreate table t (id int);\n";
    let notes = apply(&target, &dump(sql), Globals::Ours).await.unwrap();
    assert!(notes.contains("schema.sql:6") && notes.contains("`no_such_setting`"), "{notes}");
    assert_eq!(SERVER.psql(&target.database, "select to_regclass('t') is null"), "f");
}

#[tokio::test]
async fn what_a_dump_says_about_the_whole_database_is_passed_over() {
    let target = database();
    let sql = "-- PostgreSQL database dump\n\n-- Dumped from database version 14.1\n\n\
               COMMENT ON DATABASE shop IS 'x';\nALTER DATABASE shop SET work_mem = '8MB';\n\
               create table t (id int);\n";
    let notes = apply(&target, &dump(sql), Globals::Ours).await.unwrap();
    assert_eq!(notes.matches("is skipped").count(), 2, "{notes}");
}

#[tokio::test]
async fn a_failing_dump_from_a_newer_server_says_so() {
    let target = database();
    let sql = "-- PostgreSQL database dump\n\n-- Dumped from database version 99.1\n\n\
               select new_thing;\n";
    let failure = refused(&target, &dump(sql)).await;
    assert!(failure.hints()[0].starts_with("version = \"99\""), "{failure:?}");
}
