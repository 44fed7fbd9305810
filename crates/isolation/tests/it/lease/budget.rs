//! Connections are spoken for, so that a suite queues instead of meeting "too
//! many clients".

use seedbed_api::lease::{Acquire, ProblemCode};
use seedbed_testkit::Server;

use super::ground::{Order, Service, coded, connect};

fn of(connections: u32, wait_ms: u64) -> Acquire {
    Acquire { connections: Some(connections), wait_ms: Some(wait_ms), ..Acquire::default() }
}

#[tokio::test]
async fn leases_wait_for_connections_and_hear_who_has_them() {
    // Less superuser_reserved_connections, 3, and the service's own.
    let server = Server::start_with("-c max_connections=30 -c shared_buffers=16MB");
    let service = Service::open(&server, Order { slots: 3, ..Order::default() }).await;
    let limit = service.leases.holdings().await.unwrap().limit;
    assert_eq!(limit, 27);
    let one = service.acquire(&of(10, 0)).await.unwrap();
    let session = connect(&one.url, "a pool of ten").await;
    session.batch("begin; select 1").await.unwrap();
    let failure = coded(service.acquire(&of(10, 50)).await, ProblemCode::NoConnections);
    assert!(failure.to_string().contains("leases have reserved 10 of"), "{failure}");
    let report = failure.details().unwrap_or_default();
    assert!(report.contains("a pool of ten") && report.contains("run/1"), "{report}");
    assert_eq!(failure.hints(), ["seedbed ps --connections"]);
    // Whoever needs fewer does not overtake one that waits, but goes on when it
    // has given up.
    let two = service.acquire(&of(5, 0)).await.unwrap();
    let holdings = service.leases.holdings().await.unwrap();
    assert_eq!(holdings.reserved, 15);
    let held = holdings.holders.iter().find(|one| one.application == "a pool of ten").unwrap();
    assert_eq!((held.slot.as_deref(), held.open, held.in_transaction), (Some("run/1"), 1, 1));

    let waiting = {
        let leases = service.leases.clone();
        tokio::spawn(async move { leases.acquire(&of(12, 20_000), leases.new_holder()).await })
    };
    tokio::task::yield_now().await;
    service.leases.release(&one.lease).await.unwrap();
    service.leases.release(&two.lease).await.unwrap();
    waiting.await.unwrap().unwrap();
    service.end().await;
}

#[tokio::test]
async fn one_that_wants_more_than_there_is_is_served_alone() {
    let server = Server::start_with("-c max_connections=30 -c shared_buffers=16MB");
    let service = Service::open(&server, Order { slots: 2, ..Order::default() }).await;
    let greedy = service.acquire(&of(u32::MAX, 0)).await.unwrap();
    coded(service.acquire(&of(1, 30)).await, ProblemCode::NoConnections);
    service.leases.release(&greedy.lease).await.unwrap();
    service.acquire(&of(1, 0)).await.unwrap();
    service.end().await;
}
