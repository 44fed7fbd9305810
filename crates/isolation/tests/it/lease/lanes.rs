//! Every lane goes back to the template, each in its way, and says so.

use std::fs;

use seedbed_api::lease::{Acquire, Lane, LaneChoice, MarkRequest, ProblemCode, Rewind};
use seedbed_isolation::Finish;

use super::ground::{Order, SERVER, Service, WORK, coded};

/// A role that owns its tables and may create databases, and nothing else.
async fn owner() -> &'static str {
    static MADE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    MADE.get_or_init(async || drop(SERVER.psql("postgres", "create role maker login createdb")))
        .await;
    "maker"
}

async fn on_lane(role: &'static str, lane: LaneChoice) -> Service<'static> {
    Service::open(&SERVER, Order { role, lane, ..Order::default() }).await
}

#[tokio::test]
async fn rights_and_the_service_decide_the_lane() {
    let owner = owner().await;
    for (role, wanted, expected) in [
        ("postgres", LaneChoice::Auto, Lane::Rewind),
        ("postgres", LaneChoice::Rewind, Lane::Rewind),
        ("postgres", LaneChoice::Clone, Lane::Clone),
        ("postgres", LaneChoice::Rollback, Lane::Rollback),
        ("postgres", LaneChoice::Truncate, Lane::Truncate),
        (owner, LaneChoice::Auto, Lane::Clone),
        (owner, LaneChoice::Clone, Lane::Clone),
        (owner, LaneChoice::Truncate, Lane::Truncate),
        (owner, LaneChoice::Rollback, Lane::Rollback),
    ] {
        let service = on_lane(role, wanted).await;
        let lease = service.lease().await;
        assert_eq!(lease.lane, expected, "{role} {wanted:?}: {}", lease.because);
        // Twice: over what a test did, and over a changed schema.
        for sql in [WORK, "insert into users (name) values ('x'); create table more ()"] {
            service.work(&lease, sql).await;
            let rewound = service.rewind(&lease, &lease.mark).await;
            let by_clone = expected == Lane::Clone || sql != WORK;
            assert_eq!(rewound.replaced, by_clone, "{role} {wanted:?}: {rewound:?}");
            assert_eq!(rewound.committed, expected == Lane::Rollback, "{rewound:?}");
            assert!(!rewound.marks_lost);
            service.expect_template(&lease);
        }
        service.work(&lease, WORK).await;
        service.leases.release(&lease.lease).await.unwrap();
        let next = service.lease().await;
        assert_eq!((&next.url, next.lane), (&lease.url, lease.lane));
        service.expect_template(&next);
        service.end().await;
    }
}

#[tokio::test]
async fn a_lane_that_is_impossible_is_refused_with_a_way_out() {
    let owner = owner().await;
    let failure = coded(Finish::for_lane(LaneChoice::Rewind, false), ProblemCode::LaneImpossible);
    assert_eq!(failure.hints(), ["lane = \"auto\""]);
    let service = on_lane(owner, LaneChoice::Auto).await;
    for lane in [LaneChoice::Rewind, LaneChoice::Truncate, LaneChoice::Rollback] {
        let request = Acquire { lane, ..Acquire::default() };
        let failure = coded(service.acquire(&request).await, ProblemCode::LaneImpossible);
        assert!(failure.hints()[0].starts_with("seedbed run --lane"), "{failure:?}");
    }
    // The slot is not lost with them.
    let lease = service.lease().await;
    service.expect_template(&lease);
    service.end().await;
}

#[tokio::test]
async fn a_rollback_lane_tells_who_commits() {
    for role in ["postgres", owner().await] {
        let service = on_lane(role, LaneChoice::Rollback).await;
        let lease = service.lease().await;
        for (end, committed) in [("rollback", false), ("commit", true), ("rollback", false)] {
            service.work(&lease, &format!("begin; {WORK}; {end}")).await;
            let rewound = service.rewind(&lease, &lease.mark).await;
            assert_eq!((rewound.committed, rewound.replaced), (committed, false), "{rewound:?}");
            service.expect_template(&lease);
        }
        service.end().await;
    }
}

#[tokio::test]
async fn marks_above_the_template_are_lost_where_nothing_remembers_rows() {
    for (role, lane) in [(owner().await, LaneChoice::Truncate), ("postgres", LaneChoice::Clone)] {
        let service = on_lane(role, lane).await;
        let lease = service.lease().await;
        service.work(&lease, WORK).await;
        let set = service.leases.mark(&lease.lease, &MarkRequest::default()).await.unwrap();
        assert!(!set.redoable, "{lane:?}");
        service.work(&lease, "delete from kinds").await;
        let rewound = service.rewind(&lease, &set.mark).await;
        assert!(rewound.replaced && rewound.marks_lost, "{lane:?}: {rewound:?}");
        assert_eq!(rewound.mark, lease.mark);
        service.expect_template(&lease);
        service.end().await;
    }
}

#[tokio::test]
async fn evidence_moves_a_test_to_clone_and_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seedbed.lanes");
    let order = || Order { evidence: Some(file.clone()), ..Order::default() };
    let service = Service::open(&SERVER, order()).await;
    let named = |test: &str| Acquire { test: Some(test.into()), ..Acquire::default() };
    let ddl = "a::changes_the_schema";
    let lease = service.acquire(&named(ddl)).await.unwrap();
    assert_eq!(lease.lane, Lane::Rewind);
    service.work(&lease, "create table more ()").await;
    let rewound = service.rewind(&lease, &lease.mark).await;
    assert!(rewound.replaced, "{rewound:?}");
    service.leases.release(&lease.lease).await.unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(&format!("{ddl}\t")) && text.contains("CREATE TABLE"), "{text}");
    assert!(service.notes.notices().contains(ddl), "{}", service.notes.notices());
    // The second time it is on the clone lane from the start.
    let lease = service.acquire(&named(ddl)).await.unwrap();
    assert_eq!(lease.lane, Lane::Clone, "{}", lease.because);
    service.leases.release(&lease.lease).await.unwrap();
    service.end().await;

    // Another process reads it; a mark with the test's name counts as well.
    let service = Service::open(&SERVER, order()).await;
    let lease = service.acquire(&named("a::other")).await.unwrap();
    assert_eq!(lease.lane, Lane::Rewind);
    for (test, replaced) in [(ddl, true), ("a::other", false)] {
        let request = MarkRequest { test: Some(test.into()) };
        let mark = service.leases.mark(&lease.lease, &request).await.unwrap().mark;
        service.work(&lease, WORK).await;
        let request = Rewind { mark: Some(mark), ..Rewind::default() };
        let rewound = service.leases.rewind(&lease.lease, &request).await.unwrap();
        assert_eq!((rewound.replaced, rewound.marks_lost), (replaced, false), "{rewound:?}");
        service.expect_template(&lease);
    }
    service.end().await;
}

#[tokio::test]
async fn the_end_of_a_lease_is_evidence_against_the_test_that_ran_in_it() {
    let service = Service::with_slots(1).await;
    let named = |test: &str| Acquire { test: Some(test.into()), ..Acquire::default() };
    // A process that changes the schema and ends, and one whose test was rewound before.
    for (test, is_rewound) in [("a::ends", false), ("a::is_rewound", true)] {
        let lease = service.acquire(&named(test)).await.unwrap();
        if is_rewound {
            assert!(!service.rewind(&lease, &lease.mark).await.replaced);
        }
        service.work(&lease, "create table more ()").await;
        assert!(service.leases.release(&lease.lease).await.unwrap().replaced, "{test}");
        let lease = service.acquire(&named(test)).await.unwrap();
        let expected = if is_rewound { Lane::Rewind } else { Lane::Clone };
        assert_eq!(lease.lane, expected, "{test}: {}", lease.because);
        service.leases.release(&lease.lease).await.unwrap();
    }
    service.end().await;
}

#[tokio::test]
async fn a_worker_without_test_names_is_moved_after_some_replacements() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    for round in 0..5 {
        let before = service.leases.slots()[0].lane;
        assert_eq!(before, if round < 3 { Lane::Rewind } else { Lane::Clone }, "{round}");
        service.work(&lease, "create table more ()").await;
        assert!(service.rewind(&lease, &lease.mark).await.replaced);
    }
    service.leases.release(&lease.lease).await.unwrap();
    // The next holder begins without prejudice.
    assert_eq!(service.lease().await.lane, Lane::Rewind);
    service.end().await;
}
