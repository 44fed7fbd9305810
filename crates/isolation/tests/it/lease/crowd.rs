//! A thousand at once on four slots: first come, first served, and no slot is
//! ever two people's.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seedbed_api::lease::{Acquire, HolderKind};

use super::ground::{Service, connect};

const CLIENTS: usize = 1_000;
const SLOTS: usize = 4;

/// Everything a client may have written, in one number.
const DIGEST: &str = "select md5(concat(
    (select string_agg(u::text, ',' order by u::text) from users u), '|',
    (select string_agg(o::text, ',' order by o::text) from orders o), '|',
    (select string_agg(b::text, ',' order by b::text) from bag b), '|',
    (select string_agg(k::text, ',' order by k::text) from kinds k), '|',
    (select concat(last_value, is_called) from tickets), '|',
    (select concat(last_value, is_called) from users_id_seq), '|',
    (select count(*) from pg_class)))";

#[tokio::test]
async fn a_thousand_acquires_queue_fairly_and_all_succeed() {
    let service = Service::with_slots(SLOTS).await;
    service.leases.warm().await.unwrap();
    let first = service.leases.targets(0).unwrap().command.url().expose().to_owned();
    let session = connect(&first, "digest").await;
    let clean = session.value(DIGEST).await.unwrap().unwrap();
    session.close().await;

    let taken = Arc::new(Mutex::new(BTreeSet::new()));
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let (leases, taken, order, clean) =
            (service.leases.clone(), Arc::clone(&taken), Arc::clone(&order), clean.clone());
        clients.push(tokio::spawn(async move {
            let request = Acquire {
                wait_ms: Some(300_000),
                worker: (number % 3 == 0).then(|| format!("w{}", number % 16)),
                ..Acquire::default()
            };
            let holder = leases.new_holder();
            let lease = leases.acquire(&request, holder).await.unwrap();
            order.lock().unwrap().push(number);
            assert!(taken.lock().unwrap().insert(lease.slot.clone()), "{} twice", lease.slot);
            let session = connect(&lease.url, "client").await;
            let found = session.value(DIGEST).await.unwrap().unwrap();
            assert_eq!(found, clean, "client {number} on {} got somebody's rows", lease.slot);
            let sql = format!(
                "insert into users (name) values ('c{number}'); update bag set n = {number}; \
                 insert into orders (user_id) values (1); select nextval('tickets'){}",
                // Some make it harder than a rewind can.
                if number % 97 == 0 { "; create table more ()" } else { "" },
            );
            session.batch(&sql).await.unwrap();
            taken.lock().unwrap().remove(&lease.slot);
            // Half of them say goodbye.
            if number % 2 == 0 {
                leases.release(&lease.lease).await.unwrap();
            } else {
                leases.holder_ended(holder);
            }
        }));
        // It stands in the queue before the next one comes.
        tokio::task::yield_now().await;
    }
    for (number, client) in clients.into_iter().enumerate() {
        let done = tokio::time::timeout(Duration::from_secs(300), client).await;
        done.unwrap_or_else(|_| panic!("client {number} still waits")).unwrap();
    }
    let order = std::mem::take(&mut *order.lock().unwrap());
    assert_eq!(order.len(), CLIENTS);
    for (place, number) in order.iter().enumerate() {
        // Slots are served side by side and may take different times.
        assert!(place.abs_diff(*number) <= 2 * SLOTS, "{number} came as {place}");
    }
    let leases: u64 = service.leases.slots().iter().map(|slot| slot.leases).sum();
    assert_eq!(leases, CLIENTS as u64);
    service.end().await;
}

#[tokio::test]
async fn those_who_wait_for_one_slot_do_not_hinder_the_others() {
    let service = Service::with_slots(2).await;
    let one = service.lease().await;
    let wants_one = Acquire { slot: Some(one.slot.clone()), ..Acquire::default() };
    let waiting = {
        let leases = service.leases.clone();
        tokio::spawn(async move { leases.acquire(&wants_one, leases.new_holder()).await })
    };
    tokio::task::yield_now().await;
    let request = Acquire { holder: HolderKind::None, wait_ms: Some(5_000), ..Acquire::default() };
    let two = service.acquire(&request).await.unwrap();
    assert_ne!(two.slot, one.slot);
    service.leases.release(&one.lease).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().slot, one.slot);
    service.end().await;
}
