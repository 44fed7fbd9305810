//! Acquire, release, keep: what a client with one worker sees.

use seedbed_api::lease::{Acquire, Keep, Lane, ProblemCode, Rewind, SlotState};

use super::ground::{Service, WORK, coded, connect, databases};
use crate::journal::ground::differences;

#[tokio::test]
async fn a_slot_keeps_its_url_and_every_holder_finds_the_template() {
    let service = Service::with_slots(1).await;
    let mut urls = Vec::new();
    let mut names = Vec::new();
    for round in 0..4 {
        let lease = service.lease().await;
        assert_eq!((lease.slot.as_str(), lease.lane), ("run/1", Lane::Rewind), "{}", lease.because);
        service.expect_template(&lease);
        // Every second holder spoils more than a rewind can mend.
        service.work(&lease, WORK).await;
        if round % 2 == 1 {
            service.work(&lease, "create table more (); drop table orders").await;
        }
        let released = service.leases.release(&lease.lease).await.unwrap();
        assert_eq!((released.slot.as_str(), released.replaced), ("run/1", round % 2 == 1));
        urls.push((lease.url, lease.socket_url));
        names.push(lease.lease);
    }
    urls.dedup();
    assert_eq!(urls.len(), 1, "{urls:?}");
    names.dedup();
    assert_eq!(names.len(), 4, "{names:?}");
    let status = service.leases.slots().remove(0);
    assert_eq!((status.state, status.leases, status.replaced), (SlotState::Free, 4, 2));
    service.end().await;
}

#[tokio::test]
async fn a_release_leaves_no_session_and_comes_only_once() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    let open = connect(&lease.url, "forgotten pool").await;
    open.batch("begin; insert into users (name) values ('open')").await.unwrap();
    service.leases.release(&lease.lease).await.unwrap();
    assert!(open.batch("commit").await.is_err(), "the session lives on");
    coded(service.leases.release(&lease.lease).await, ProblemCode::LeaseEnded);
    let lease = service.lease().await;
    service.expect_template(&lease);
    service.end().await;
}

#[tokio::test]
async fn what_is_kept_stays_as_it_was_and_the_lease_goes_on_at_its_mark() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    service.work(&lease, "insert into users (name) values ('shared')").await;
    let mark = service.mark(&lease).await;
    let at_mark = service.contents(&lease);
    service.work(&lease, WORK).await;
    let spoiled = service.contents(&lease);

    let kept =
        service.leases.keep(&lease.lease, &Keep { test: Some("t::1".into()) }).await.unwrap();
    service.expect(&lease, &at_mark);
    assert_eq!(differences(&service.contents_of(&kept.name), &spoiled), None);
    assert!(kept.url.ends_with(&kept.name), "{}", kept.url);

    // The same with a rewind, to the lowest mark.
    service.work(&lease, WORK).await;
    let request = Rewind { mark: Some(lease.mark.clone()), keep: true, test: None };
    let rewound = service.leases.rewind(&lease.lease, &request).await.unwrap();
    assert!(rewound.replaced && !rewound.marks_lost && rewound.kept.is_some(), "{rewound:?}");
    service.expect_template(&lease);
    let gone = Rewind { mark: Some(mark), ..Rewind::default() };
    coded(service.leases.rewind(&lease.lease, &gone).await, ProblemCode::UnknownMark);

    assert_eq!(service.leases.kept().len(), 2);
    let like = format!("%{}%", service.run);
    let kept = service.leases.kept();
    let server = service.server;
    service.end().await;
    // The end of the service drops everything else.
    assert_eq!(databases(server, &like).lines().count(), 2);
    for name in kept {
        let _ = server.psql("postgres", &format!("drop database \"{name}\" with (force)"));
    }
}

#[tokio::test]
async fn a_worker_comes_back_to_its_slot() {
    let service = Service::with_slots(3).await;
    let of = |worker: &str| Acquire { worker: Some(worker.into()), ..Acquire::default() };
    let mut first = Vec::new();
    for worker in ["gw0", "gw1", "gw2"] {
        first.push(service.acquire(&of(worker)).await.unwrap());
    }
    for lease in &first {
        service.leases.release(&lease.lease).await.unwrap();
    }
    for (worker, lease) in ["gw2", "gw0"].into_iter().zip([&first[2], &first[0]]) {
        assert_eq!(service.acquire(&of(worker)).await.unwrap().slot, lease.slot);
    }
    // A restarted worker has a new name and takes the free one.
    assert_eq!(service.acquire(&of("gw7")).await.unwrap().slot, first[1].slot);
    service.end().await;
}

#[tokio::test]
async fn slots_work_without_a_lease_for_workers_that_never_ask() {
    let service = Service::with_slots(2).await;
    service.leases.warm().await.unwrap();
    let url = service.leases.targets(1).unwrap().command.url().expose().to_owned();
    let database = service.leases.targets(1).unwrap().command.database.clone();
    let session = connect(&url, "worker 2").await;
    session.batch("insert into users (name) values ('shared')").await.unwrap();
    let mark = service.leases.mark("run/2", &Default::default()).await.unwrap().mark;
    session.batch(WORK).await.unwrap();
    let request = Rewind { mark: Some(mark), ..Rewind::default() };
    let rewound = service.leases.rewind("2", &request).await.unwrap();
    assert!(!rewound.replaced && rewound.tables == 3, "{rewound:?}");
    assert_eq!(
        session
            .value("select string_agg(name, ',' order by id) from users")
            .await
            .unwrap()
            .unwrap(),
        "root,shared"
    );
    session.close().await;
    assert_eq!(service.leases.slots()[1].database, database);
    service.end().await;
}
