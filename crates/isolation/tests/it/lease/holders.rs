//! What a holder's end ends: whatever it had, waited for, or was about to get.

use std::time::Duration;

use seedbed_api::lease::{Acquire, HolderKind, ProblemCode, Rewind, SlotState};

use super::ground::{Service, WORK, coded, connect, until};

#[tokio::test]
async fn a_holders_end_gives_back_what_it_had() {
    let service = Service::with_slots(2).await;
    let holder = service.leases.new_holder();
    let mut held = Vec::new();
    for _ in 0..2 {
        let lease = service.acquire_as(holder, &Acquire::default()).await.unwrap();
        service.work(&lease, WORK).await;
        held.push(lease);
    }
    let left = connect(&held[0].url, "left behind").await;
    service.leases.holder_ended(holder);
    service.leases.holder_ended(holder);
    for lease in &held {
        let outcome = service.leases.rewind(&lease.lease, &Rewind::default()).await;
        coded(outcome, ProblemCode::LeaseEnded);
    }
    for _ in 0..2 {
        let next = service.lease().await;
        service.expect_template(&next);
    }
    assert!(left.batch("select 1").await.is_err());
    service.end().await;
}

#[tokio::test]
async fn a_lease_without_a_holder_outlives_the_connection_that_asked() {
    let service = Service::with_slots(1).await;
    let holder = service.leases.new_holder();
    let request = Acquire { holder: HolderKind::None, ..Acquire::default() };
    let lease = service.acquire_as(holder, &request).await.unwrap();
    service.leases.holder_ended(holder);
    service.leases.rewind(&lease.lease, &Rewind::default()).await.unwrap();
    service.leases.release(&lease.lease).await.unwrap();
    service.end().await;
}

#[tokio::test]
async fn a_holder_that_ends_while_it_waits_keeps_nobody_waiting() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    let wait = |holder| {
        let leases = service.leases.clone();
        tokio::spawn(async move { leases.acquire(&Acquire::default(), holder).await })
    };
    let (gone, stays) = (service.leases.new_holder(), service.leases.new_holder());
    let first = wait(gone);
    tokio::task::yield_now().await;
    let second = wait(stays);
    tokio::task::yield_now().await;
    service.leases.holder_ended(gone);
    // What httpd does: the request is dropped first.
    first.abort();
    service.leases.release(&lease.lease).await.unwrap();
    let next = tokio::time::timeout(Duration::from_secs(20), second).await.unwrap().unwrap();
    service.expect_template(&next.unwrap());
    assert_eq!(service.leases.slots()[0].leases, 2, "the one that went was skipped");
    service.end().await;
}

#[tokio::test]
async fn a_holder_that_ends_while_it_is_served_leaves_a_clean_slot() {
    let service = Service::with_slots(1).await;
    for turn in 0_u64..24 {
        let holder = service.leases.new_holder();
        let leases = service.leases.clone();
        let asked = tokio::spawn(async move { leases.acquire(&Acquire::default(), holder).await });
        // From before the queue to after the hand-out.
        tokio::time::sleep(Duration::from_micros(turn * 250)).await;
        service.leases.holder_ended(holder);
        match asked.await.unwrap() {
            Ok(lease) => {
                // It was handed out and has ended at once.
                let outcome = service.leases.rewind(&lease.lease, &Rewind::default()).await;
                coded(outcome, ProblemCode::LeaseEnded);
            }
            Err(failure) => {
                assert_eq!(failure.code(), Some(ProblemCode::LeaseEnded), "{failure:?}");
            }
        }
    }
    until(|| service.leases.slots()[0].state == SlotState::Free).await;
    let lease = service.lease().await;
    service.expect_template(&lease);
    service.end().await;
}

#[tokio::test]
async fn a_wait_ends_in_time() {
    let service = Service::with_slots(2).await;
    let [one, _two] = [service.lease().await, service.lease().await];
    let request = Acquire { wait_ms: Some(30), slot: Some(one.slot.clone()), ..Acquire::default() };
    let failure = coded(service.acquire(&request).await, ProblemCode::NoFreeSlot);
    assert!(failure.to_string().starts_with("run/1 not became free within"), "{failure}");
    service.leases.release(&one.lease).await.unwrap();
    assert_eq!(service.acquire(&request).await.unwrap().slot, one.slot);
    service.end().await;
}
