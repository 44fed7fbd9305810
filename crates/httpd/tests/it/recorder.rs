//! What stands behind the door in these tests: answers by rote, and writes
//! down who came and went.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use seedbed_api::Result;
use seedbed_api::lease::{
    Health, Holdings, Kept, Lane, Lease, MarkSet, ProblemCode, Released, Rewound, SlotState,
    SlotStatus,
};
use seedbed_api::plan::{SchemaFacts, Values};
use seedbed_httpd::{Answer, Ask, Serve};
use tokio::sync::watch;
use tokio::time::timeout;

/// The slot on which nobody ever gets a lease.
pub(crate) const TAKEN: &str = "run/9";
/// A wait that ran out means that the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    Came(u64),
    Ended(u64),
    /// A request began to wait for the slot nobody gets.
    Waits(u64),
    /// It was dropped.
    Cancelled(u64),
    /// A list of slots was asked for.
    Listed(u64),
}

/// Answers by rote.
#[derive(Clone)]
pub(crate) struct Recorder {
    next: Arc<AtomicU64>,
    notes: watch::Sender<Vec<Note>>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self { next: Arc::default(), notes: watch::Sender::new(Vec::new()) }
    }

    fn note(&self, note: Note) {
        self.notes.send_modify(|notes| notes.push(note));
    }

    pub(crate) fn notes(&self) -> Vec<Note> {
        self.notes.borrow().clone()
    }

    /// Returns when `fits` is true of what happened.
    pub(crate) async fn wait(&self, fits: impl Fn(&[Note]) -> bool) {
        let mut notes = self.notes.subscribe();
        let seen = timeout(PATIENCE, notes.wait_for(|notes| fits(notes))).await.is_ok();
        assert!(seen, "last seen: {:?}", self.notes());
    }

    pub(crate) async fn wait_for(&self, note: Note) {
        self.wait(|notes| notes.contains(&note)).await;
    }

    /// Whether everybody who came has gone, once each.
    pub(crate) fn all_ended_once(&self) -> bool {
        let notes = self.notes();
        let of = |wanted: fn(&Note) -> Option<u64>| {
            let mut found: Vec<u64> = notes.iter().filter_map(wanted).collect();
            found.sort_unstable();
            found
        };
        let came = of(|note| if let Note::Came(holder) = note { Some(*holder) } else { None });
        let ended = of(|note| if let Note::Ended(holder) = note { Some(*holder) } else { None });
        came == ended
    }

    fn lease(holder: u64) -> Lease {
        Lease {
            lease: format!("3.{holder}"),
            slot: "run/3".into(),
            url: "postgres://127.0.0.1/x".into(),
            socket_url: None,
            database: "x".into(),
            lane: Lane::Rewind,
            because: "a test".into(),
            mark: "0".into(),
            template: "t".into(),
        }
    }

    /// About 300 KB of slots.
    fn slots() -> Vec<SlotStatus> {
        (0..2_000)
            .map(|number| SlotStatus {
                slot: format!("run/{number}"),
                state: SlotState::Free,
                lease: None,
                worker: Some("a worker".repeat(5)),
                database: format!("database_{number}"),
                lane: Lane::Clone,
                leases: 0,
                replaced: 0,
            })
            .collect()
    }
}

/// Notes that a waiting request was dropped.
struct Waiting(Recorder, u64);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.note(Note::Cancelled(self.1));
    }
}

impl Serve for Recorder {
    type Holder = u64;

    fn new_holder(&self) -> u64 {
        let holder = self.next.fetch_add(1, SeqCst);
        self.note(Note::Came(holder));
        holder
    }

    fn holder_ended(&self, holder: u64) {
        self.note(Note::Ended(holder));
    }

    async fn answer(&self, ask: Ask, holder: u64) -> Result<Answer> {
        match ask {
            Ask::Health => Ok(Answer::Health(Health {
                seedbed: "0".into(),
                protocol: 1,
                server: "15".into(),
                run: holder.to_string(),
                template: "t".into(),
                ready: 0,
                strategy: String::new(),
            })),
            Ask::Slots => {
                self.note(Note::Listed(holder));
                Ok(Answer::Slots(Self::slots()))
            }
            Ask::Connections => Ok(Answer::Connections(Holdings {
                limit: 100,
                open: 1,
                reserved: 0,
                holders: Vec::new(),
            })),
            Ask::Acquire(request) if request.slot.as_deref() == Some(TAKEN) => {
                let _waiting = Waiting(self.clone(), holder);
                self.note(Note::Waits(holder));
                pending().await
            }
            Ask::Acquire(_) => Ok(Answer::Lease(Self::lease(holder))),
            Ask::Mark(lease, _) => {
                Ok(Answer::Mark(MarkSet { mark: lease, depth: 1, redoable: true }))
            }
            Ask::Rewind(_, request) => Ok(Answer::Rewound(Rewound {
                mark: request.mark.unwrap_or_default(),
                ..Rewound::default()
            })),
            Ask::Release(lease) if lease == "3" => {
                Ok(Answer::Released(Released { slot: "run/3".into(), replaced: false }))
            }
            Ask::Release(lease) => Err(ProblemCode::LeaseEnded
                .failure(format!("lease {lease} has ended"))
                .hint("acquire it again")
                .detail("two\nlines")),
            Ask::Plan(_) | Ask::Diagnosis(_) => {
                Err(ProblemCode::CannotMake.failure("this service makes no rows"))
            }
            Ask::Values(_) => Ok(Answer::Values(Values::default())),
            Ask::Make(_) | Ask::Build(_) => Ok(Answer::Made(Vec::new())),
            Ask::Schema(lease) => {
                Ok(Answer::Schema(SchemaFacts { fingerprint: lease, ..SchemaFacts::default() }))
            }
            Ask::Keep(_, request) => Ok(Answer::Kept(Kept {
                name: request.test.unwrap_or_default(),
                url: "postgres://127.0.0.1/kept".into(),
            })),
        }
    }
}
