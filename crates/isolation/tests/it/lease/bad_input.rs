//! Every wrong request has an answer with a code and a way out.

use seedbed_api::lease::{Acquire, Keep, MarkRequest, ProblemCode, Rewind};

use super::ground::{Service, WORK, coded, connect};

fn to(mark: &str) -> Rewind {
    Rewind { mark: Some(mark.to_owned()), ..Rewind::default() }
}

#[tokio::test]
async fn marks_that_are_not_this_leases_are_told_apart() {
    let service = Service::with_slots(2).await;
    let [one, two] = [service.lease().await, service.lease().await];
    let outer = service.mark(&one).await;
    service.work(&one, WORK).await;
    let inner = service.mark(&one).await;
    let foreign = service.mark(&two).await;
    let rewind = async |mark: &str| service.leases.rewind(&one.lease, &to(mark)).await;

    coded(rewind(&foreign).await, ProblemCode::ForeignMark);
    coded(rewind(&two.mark).await, ProblemCode::ForeignMark);
    for nonsense in
        ["", "x", "1", "1.1", "1.1.x", "1.1.1.1", "-1.1.1", "1.1.99", "9999999999999999999999.1.1"]
    {
        let failure = rewind(nonsense).await.unwrap_err();
        let known = [ProblemCode::UnknownMark, ProblemCode::ForeignMark];
        assert!(
            failure.code().is_some_and(|code| known.contains(&code)),
            "{nonsense}: {failure:?}"
        );
        assert!(!failure.hints().is_empty(), "{nonsense}");
    }
    // Out of order: the inner one is gone once we went to the outer one.
    rewind(&outer).await.unwrap();
    coded(rewind(&inner).await, ProblemCode::UnknownMark);
    rewind(&outer).await.unwrap();
    // A name is never given twice.
    assert_ne!(service.mark(&one).await, inner);
    // A refused request has changed nothing.
    service.expect_template(&two);

    // The slot's next lease does not know the marks of the one before.
    service.leases.release(&one.lease).await.unwrap();
    let next = service
        .acquire(&Acquire { slot: Some("run/1".into()), ..Acquire::default() })
        .await
        .unwrap();
    let outcome = service.leases.rewind(&next.lease, &to(&outer)).await;
    coded(outcome, ProblemCode::ForeignMark);
    service.end().await;
}

#[tokio::test]
async fn leases_that_are_not_are_told_apart() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    service.leases.release(&lease.lease).await.unwrap();
    let rewind = Rewind::default();
    for (name, code) in [
        (lease.lease.as_str(), ProblemCode::LeaseEnded),
        ("1.99", ProblemCode::UnknownLease),
        ("7.1", ProblemCode::UnknownLease),
        ("7", ProblemCode::UnknownLease),
        ("run/0", ProblemCode::UnknownLease),
        ("", ProblemCode::UnknownLease),
        ("run/1; drop", ProblemCode::UnknownLease),
        ("4294967296.1", ProblemCode::UnknownLease),
    ] {
        let failures = [
            coded(service.leases.rewind(name, &rewind).await, code),
            coded(service.leases.mark(name, &MarkRequest::default()).await, code),
            coded(service.leases.keep(name, &Keep::default()).await, code),
            coded(service.leases.release(name).await, code),
        ];
        assert!(failures.iter().all(|failure| !failure.hints().is_empty()), "{name}");
    }
    // Nobody has leased the slot, so nothing can be released by its name.
    coded(service.leases.release("run/1").await, ProblemCode::LeaseEnded);
    service.end().await;
}

#[tokio::test]
async fn slots_and_templates_that_are_not_are_refused_before_the_queue() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    for slot in ["run/2", "run/0", "0", "run/", "walk/1", "18446744073709551617"] {
        let request = Acquire { slot: Some(slot.into()), ..Acquire::default() };
        coded(service.acquire(&request).await, ProblemCode::UnknownSlot);
    }
    let of = |template: &str| Acquire {
        template: Some(template.into()),
        wait_ms: Some(20),
        ..Acquire::default()
    };
    for template in ["", "0123456789", &format!("{}0", lease.template)] {
        coded(service.acquire(&of(template)).await, ProblemCode::UnknownTemplate);
    }
    // The right one waits for its turn.
    let failure = coded(service.acquire(&of(&lease.template[..8])).await, ProblemCode::NoFreeSlot);
    assert!(failure.to_string().contains(": in use are run/1 (leased, since 0 s)"), "{failure}");
    let hints = ["seedbed ps --slots   # who holds them now", "seedbed run --workers 2 -- COMMAND"];
    assert_eq!(failure.hints(), hints);
    service.leases.release(&lease.lease).await.unwrap();
    service.acquire(&of(&lease.template)).await.unwrap();
    service.end().await;
}

#[tokio::test]
async fn an_open_writer_keeps_a_mark_from_being_set_and_is_named() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    let writer = connect(&lease.url, "tests/test_orders.py::test_pay").await;
    writer.batch("begin; insert into users (name) values ('open')").await.unwrap();
    let outcome = service.leases.mark(&lease.lease, &MarkRequest::default()).await;
    let failure = coded(outcome, ProblemCode::WriterOpen);
    assert!(failure.to_string().contains("tests/test_orders.py::test_pay"), "{failure}");
    // It was not ended for that, and can go on.
    writer.batch("commit").await.unwrap();
    let mark = service.mark(&lease).await;
    let at_mark = service.contents(&lease);
    // A rewind does not wait for it, but ends and names it.
    writer.batch("begin; insert into users (name) values ('again')").await.unwrap();
    let rewound = service.rewind(&lease, &mark).await;
    assert!(!rewound.replaced, "{rewound:?}");
    assert_eq!(rewound.ended.len(), 1, "{rewound:?}");
    assert_eq!(rewound.ended[0].application, "tests/test_orders.py::test_pay");
    assert_eq!(rewound.ended[0].holds, "transaction");
    service.expect(&lease, &at_mark);
    // A reader that holds nothing is only reported.
    let reader = connect(&lease.url, "reader").await;
    reader.batch("begin; select 1").await.unwrap();
    let rewound = service.rewind(&lease, &mark).await;
    assert_eq!((rewound.ended.len(), rewound.readers.len()), (0, 1), "{rewound:?}");
    reader.batch("commit").await.unwrap();
    service.end().await;
}

#[tokio::test]
async fn a_prepared_transaction_is_ended_with_its_database() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    let gid = crate::ground::unique("gid");
    service
        .work(
            &lease,
            &format!("begin; insert into users (name) values ('2pc'); prepare transaction '{gid}'"),
        )
        .await;
    let failure = coded(
        service.leases.mark(&lease.lease, &MarkRequest::default()).await,
        ProblemCode::WriterOpen,
    );
    assert!(failure.to_string().contains("prepared transaction"), "{failure}");
    let rewound = service.rewind(&lease, &lease.mark).await;
    assert!(rewound.replaced && !rewound.marks_lost, "{rewound:?}");
    service.expect_template(&lease);
    let left = format!("select count(*) from pg_prepared_xacts where gid = '{gid}'");
    assert_eq!(service.server.psql("postgres", &left), "0");
    service.end().await;
}

#[tokio::test]
async fn after_the_end_everything_is_answered_by_ending() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    let waiting = {
        let leases = service.leases.clone();
        tokio::spawn(async move { leases.acquire(&Acquire::default(), leases.new_holder()).await })
    };
    tokio::task::yield_now().await;
    service.leases.close().await.unwrap();
    coded(waiting.await.unwrap(), ProblemCode::Ending);
    coded(service.acquire(&Acquire::default()).await, ProblemCode::Ending);
    coded(service.leases.rewind(&lease.lease, &Rewind::default()).await, ProblemCode::Ending);
    coded(service.leases.mark(&lease.lease, &MarkRequest::default()).await, ProblemCode::Ending);
    coded(service.leases.keep(&lease.lease, &Keep::default()).await, ProblemCode::Ending);
    service.end().await;
}
