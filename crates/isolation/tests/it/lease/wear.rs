//! Dead rows are cleared away before they slow anybody down.

use seedbed_testkit::Server;

use super::ground::{Order, Service, connect};

const SCHEMA: &str = "
    create table hot (id int primary key, n int, pad text);
    insert into hot select g, 0, repeat('x', 200) from generate_series(1, 50) g;
    create table cold (id int primary key, pad text);
    insert into cold select g, repeat('y', 100) from generate_series(1, 30000) g;
";

#[tokio::test]
async fn a_table_that_every_test_changes_does_not_grow() {
    let server = Server::start_with("-c max_connections=60 -c autovacuum=off");
    let service = Service::open(&server, Order { schema: SCHEMA, ..Order::default() }).await;
    let lease = service.lease().await;
    let session = connect(&lease.url, "a test").await;
    let pages = async |table: &str| -> u64 {
        let size = format!("select pg_relation_size('{table}') / 8192");
        session.value(&size).await.unwrap().unwrap().parse().unwrap()
    };
    let [hot, cold] = [pages("hot").await, pages("cold").await];
    for _ in 0..600 {
        session
            .batch("update hot set n = n + 1; update cold set pad = 'z' where id < 4")
            .await
            .unwrap();
        let rewound = service.rewind(&lease, &lease.mark).await;
        assert!(!rewound.replaced, "{rewound:?}");
    }
    let [hot_now, cold_now] = [pages("hot").await, pages("cold").await];
    // 90,000 dead rows of 240 bytes would be 2,700 pages.
    assert!(hot_now < hot + 250, "hot: {hot} → {hot_now} pages");
    assert!(cold_now < cold + 120, "cold: {cold} → {cold_now} pages");
    service.expect_template(&lease);
    session.close().await;
    service.end().await;
}

#[tokio::test]
async fn dead_rows_that_no_journal_knows_are_found_by_their_count() {
    let server = Server::start_with("-c max_connections=60 -c autovacuum=off");
    let service = Service::open(&server, Order { schema: SCHEMA, ..Order::default() }).await;
    let lease = service.lease().await;
    let session = connect(&lease.url, "a test").await;
    // Never committed, and temporary tables: the journal hears of neither.
    let sql =
        "begin; insert into hot select g, 0, 'aborted' from generate_series(100, 120) g; rollback;
               create temp table tt (a int, b int, c text); drop table tt";
    for _ in 0..1_500 {
        session.batch(sql).await.unwrap();
        service.rewind(&lease, &lease.mark).await;
    }
    // What the server counts comes a second later.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    for _ in 0..1_100 {
        session.batch(sql).await.unwrap();
        service.rewind(&lease, &lease.mark).await;
    }
    let vacuumed = "select count(*) from pg_stat_all_tables where vacuum_count > 0 \
                    and relname in ('hot', 'pg_attribute')";
    assert_eq!(session.value(vacuumed).await.unwrap().unwrap(), "2");
    session.close().await;
    service.end().await;
}
