//! Sessions that outlive their lease: a pool that connects again and again,
//! and writes whatever it can.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use seedbed_api::lease::{Lease, Rewind};
use seedbed_db::{Session, Target};

use super::ground::{Service, connect};

/// Writers on a slot's URL that never give up.
struct Strangers {
    stop: Arc<AtomicBool>,
    writes: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Strangers {
    fn on(url: &str, count: usize) -> Self {
        let (stop, writes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let target = Target::parse(url).unwrap();
        let tasks = (0..count).map(|number| {
            let (stop, writes, target) = (Arc::clone(&stop), Arc::clone(&writes), target.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let Ok(session) =
                        Session::connect(&target, "stranger", Duration::from_secs(1)).await
                    else {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        continue;
                    };
                    let sql = format!(
                        "insert into users (name) values ('s{number}-' || clock_timestamp()); \
                         update bag set n = n + 1; select nextval('tickets')"
                    );
                    while !stop.load(Ordering::Relaxed) && session.batch(&sql).await.is_ok() {
                        writes.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        });
        let tasks = tasks.collect();
        Self { stop, writes, tasks }
    }

    /// They are gone, in the middle of whatever they did.
    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        self.writes.load(Ordering::Relaxed)
    }
}

/// The lowest mark is the template, whatever was written since.
async fn expect_base(service: &Service<'_>, lease: &Lease) {
    let rewound = service.rewind(lease, &lease.mark).await;
    assert!(!rewound.marks_lost);
    service.expect_template(lease);
}

#[tokio::test]
async fn whoever_writes_all_the_time_never_gets_into_a_hand_out() {
    let service = Service::with_slots(1).await;
    let mut writes = 0;
    let mut handed_out = 0;
    let url = service.lease().await.url;
    service.leases.release("run/1").await.unwrap();
    for round in 0..6 {
        let strangers = Strangers::on(&url, 2);
        let mut last = None;
        for _ in 0..4 {
            match service.acquire(&Default::default()).await {
                Ok(lease) => {
                    handed_out += 1;
                    if round % 3 == 2 {
                        // Also while the database is replaced.
                        let session = connect(&lease.url, "a test").await;
                        let _ = session.batch("create table more ()").await;
                    }
                    if let Some(old) = last.replace(lease) {
                        let old: Lease = old;
                        panic!("{} was still leased", old.lease);
                    }
                }
                // Honest: nobody gets what could not be made clean.
                Err(failure) => assert!(failure.chain().contains("keeps writing"), "{failure:?}"),
            }
            if let Some(lease) = last.take() {
                service.leases.release(&lease.lease).await.unwrap();
            }
        }
        let lease = service.acquire(&Default::default()).await;
        writes += strangers.end().await;
        let lease = match lease {
            Ok(lease) => lease,
            Err(_) => service.lease().await,
        };
        expect_base(&service, &lease).await;
        service.leases.release(&lease.lease).await.unwrap();
    }
    assert!(writes > 100, "the strangers wrote only {writes} times");
    assert!(handed_out > 5, "only {handed_out} hand-outs");
    service.end().await;
}

#[tokio::test]
async fn a_commit_that_races_a_rewind_is_undone_or_still_in_the_journal() {
    let service = Service::with_slots(1).await;
    let lease = service.lease().await;
    service.work(&lease, "insert into users (name) values ('shared')").await;
    let mark = service.mark(&lease).await;
    let at_mark = service.contents(&lease);
    let mut writes = 0;
    for _ in 0..5 {
        let strangers = Strangers::on(&lease.url, 3);
        for _ in 0..40 {
            let rewound = service.rewind(&lease, &mark).await;
            assert!(!rewound.marks_lost, "{rewound:?}");
        }
        writes += strangers.end().await;
        service.rewind(&lease, &mark).await;
        service.expect(&lease, &at_mark);
    }
    assert!(writes > 50, "the strangers wrote only {writes} times");
    let request = Rewind { mark: Some(lease.mark.clone()), ..Rewind::default() };
    service.leases.rewind(&lease.lease, &request).await.unwrap();
    service.expect_template(&lease);
    service.end().await;
}
