//! Requests dropped at any point: a client that hangs up leaves a slot that is
//! clean or still its own, never half of either.

use std::time::Duration;

use seedbed_api::lease::{Acquire, HolderKind, MarkRequest, Rewind, SlotState};

use super::ground::{Service, WORK, until};

/// Waiting times from nothing to longer than any step takes.
fn moments(count: u64) -> impl Iterator<Item = Duration> {
    // Dense where most happens.
    (0..count).map(|at| Duration::from_micros(at * at * 3))
}

async fn cut<T>(after: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = tokio::time::sleep(after) => None,
    }
}

#[tokio::test]
async fn an_acquire_that_is_dropped_gives_its_slot_back() {
    let service = Service::with_slots(2).await;
    for (turn, after) in moments(60).enumerate() {
        let holder = if turn % 2 == 0 { HolderKind::None } else { HolderKind::Connection };
        let request = Acquire { holder, ..Acquire::default() };
        if let Some(lease) = cut(after, service.acquire(&request)).await {
            let lease = lease.unwrap();
            service.work(&lease, WORK).await;
            service.leases.release(&lease.lease).await.unwrap();
        }
    }
    until(|| service.leases.slots().iter().all(|slot| slot.state == SlotState::Free)).await;
    for _ in 0..2 {
        let lease = service.lease().await;
        service.expect_template(&lease);
    }
    service.end().await;
}

#[tokio::test]
async fn a_rewind_that_is_dropped_is_done_all_the_same() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    service.work(&lease, "insert into users (name) values ('shared')").await;
    let mark = service.mark(&lease).await;
    let at_mark = service.contents(&lease);
    let request = Rewind { mark: Some(mark.clone()), ..Rewind::default() };
    for (turn, after) in moments(40).enumerate() {
        service.work(&lease, WORK).await;
        if turn % 8 == 7 {
            service.work(&lease, "create table more ()").await;
        }
        let _ = cut(after, service.leases.rewind(&lease.lease, &request)).await;
        let _ = cut(after, service.leases.mark(&lease.lease, &MarkRequest::default())).await;
        let rewound = service.rewind(&lease, &mark).await;
        assert!(!rewound.marks_lost, "{rewound:?}");
        service.expect(&lease, &at_mark);
    }
    service.end().await;
}

#[tokio::test]
async fn a_release_that_is_dropped_ends_the_lease_all_the_same() {
    let service = Service::with_slots(1).await;
    for after in moments(40) {
        let lease = service.lease().await;
        service.work(&lease, WORK).await;
        if cut(after, service.leases.release(&lease.lease)).await.is_none() {
            // Even before it was polled once it may have begun nothing.
            let _ = service.leases.release(&lease.lease).await;
        }
        let next = service.lease().await;
        assert_ne!(next.lease, lease.lease);
        service.expect_template(&next);
        service.leases.release(&next.lease).await.unwrap();
    }
    service.end().await;
}

#[tokio::test]
async fn a_service_that_ends_in_the_middle_of_everything_leaves_nothing() {
    for after in moments(12) {
        let service = Service::with_slots(2).await;
        let mut busy = Vec::new();
        for _ in 0..6 {
            let leases = service.leases.clone();
            busy.push(tokio::spawn(async move {
                let holder = leases.new_holder();
                while let Ok(lease) = leases.acquire(&Acquire::default(), holder).await {
                    let _ = leases.rewind(&lease.lease, &Rewind::default()).await;
                    let _ = leases.release(&lease.lease).await;
                }
            }));
        }
        tokio::time::sleep(after * 20).await;
        service.leases.close().await.unwrap();
        for task in busy {
            task.await.unwrap();
        }
        service.end().await;
    }
}
