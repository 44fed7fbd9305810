//! Marks in marks: run → file → test.

use seedbed_api::lease::Lane;

use super::ground::{Service, WORK, connect};

#[tokio::test]
async fn data_of_a_run_and_of_a_file_survives_each_test() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    service
        .work(&lease, "insert into users (name) values ('run'); select nextval('tickets')")
        .await;
    let run = service.mark(&lease).await;
    let at_run = service.contents(&lease);
    let test = connect(&lease.url, "a test").await;
    for file in 0..2 {
        service
            .work(
                &lease,
                &format!(
                    "insert into orders (user_id, what) values (1, 'file {file}'); truncate bag"
                ),
            )
            .await;
        let mark = service.mark(&lease).await;
        let at_file = service.contents(&lease);
        for _ in 0..3 {
            // Two connections, one of them older than the mark.
            test.batch(WORK).await.unwrap();
            service.work(&lease, "truncate orders, users; select setval('tickets', 900)").await;
            let rewound = service.rewind(&lease, &mark).await;
            assert!(!rewound.replaced && rewound.ended.is_empty(), "{rewound:?}");
            assert_eq!(rewound.mark, mark);
            service.expect(&lease, &at_file);
        }
        let rewound = service.rewind(&lease, &run).await;
        assert!(!rewound.replaced, "{rewound:?}");
        service.expect(&lease, &at_run);
    }
    service.rewind(&lease, &lease.mark).await;
    service.expect_template(&lease);
    // The session of the first test is still the same one.
    assert_eq!(test.value("select count(*) from users").await.unwrap().unwrap(), "1");
    test.close().await;
    service.end().await;
}

#[tokio::test]
async fn a_schema_change_in_the_second_of_three_tests_costs_no_shared_data() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    service.work(&lease, "insert into users (name) values ('run')").await;
    let run = service.mark(&lease).await;
    let at_run = service.contents(&lease);
    service.work(&lease, "delete from bag; insert into orders (user_id) values (1)").await;
    let file = service.mark(&lease).await;
    let at_file = service.contents(&lease);
    let pool = connect(&lease.url, "the suite's pool").await;
    for test in 1..=3 {
        service.expect(&lease, &at_file);
        service.work(&lease, WORK).await;
        if test == 2 {
            service.work(&lease, "alter table users add column age int default 7").await;
        }
        let rewound = service.rewind(&lease, &file).await;
        assert_eq!((rewound.replaced, rewound.marks_lost), (test == 2, false), "{rewound:?}");
        assert_eq!(rewound.mark, file);
        assert_eq!(pool.is_closed(), test >= 2);
    }
    service.expect(&lease, &at_file);
    // The outer mark still stands as well, and nothing is replaced for it.
    let rewound = service.rewind(&lease, &run).await;
    assert!(!rewound.replaced, "{rewound:?}");
    service.expect(&lease, &at_run);
    let rewound = service.rewind(&lease, &lease.mark).await;
    assert!(!rewound.replaced, "{rewound:?}");
    service.expect_template(&lease);
    service.end().await;
}

#[tokio::test]
async fn a_mark_that_cannot_be_built_again_is_told_as_lost() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    service.work(&lease, "insert into users (name) values ('run')").await;
    let run = service.mark(&lease).await;
    let at_run = service.contents(&lease);
    // A file that changes the schema in its set-up.
    service.work(&lease, "create table made (x int); insert into made values (1)").await;
    let set = service.leases.mark(&lease.lease, &Default::default()).await.unwrap();
    assert!(!set.redoable && set.depth == 2, "{set:?}");
    service.work(&lease, WORK).await;
    let rewound = service.rewind(&lease, &set.mark).await;
    assert!(rewound.replaced && rewound.marks_lost, "{rewound:?}");
    // As near as it gets: the mark below.
    assert_eq!(rewound.mark, run);
    service.expect(&lease, &at_run);
    // The client sets up anew and goes on.
    service.work(&lease, "insert into orders (user_id) values (1)").await;
    let file = service.mark(&lease).await;
    let at_file = service.contents(&lease);
    service.work(&lease, WORK).await;
    assert!(!service.rewind(&lease, &file).await.replaced);
    service.expect(&lease, &at_file);
    service.end().await;
}

#[tokio::test]
async fn many_marks_nest_and_each_is_found_again() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    let mut stack = vec![(lease.mark.clone(), service.contents(&lease))];
    for depth in 0..12 {
        service
            .work(
                &lease,
                &format!("insert into users (name) values ('d{depth}'); update bag set n = n + 1"),
            )
            .await;
        stack.push((service.mark(&lease).await, service.contents(&lease)));
    }
    // Half of the way by rewinding, a replacement, the rest again by rewinding.
    for at in [9, 6] {
        service.work(&lease, WORK).await;
        assert!(!service.rewind(&lease, &stack[at].0).await.replaced);
        service.expect(&lease, &stack[at].1);
    }
    service.work(&lease, "create index on users (name)").await;
    for at in [4, 3, 0] {
        let rewound = service.rewind(&lease, &stack[at].0).await;
        assert_eq!((rewound.replaced, rewound.marks_lost), (at == 4, false), "{rewound:?}");
        service.expect(&lease, &stack[at].1);
        service.work(&lease, WORK).await;
    }
    assert_eq!(lease.lane, Lane::Rewind);
    service.end().await;
}
