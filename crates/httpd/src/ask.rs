//! What a client asks and what it is told, once HTTP is left behind.

use seedbed_api::Result;
use seedbed_api::lease::{
    Acquire, Health, Holdings, Keep, Kept, Lease, MarkRequest, MarkSet, Released, Rewind, Rewound,
    SlotStatus,
};
use seedbed_api::plan::{
    Diagnosis, Made, MakeRequest, PlanRequest, Planned, RunTrouble, RunValues, SchemaFacts, Values,
};
use serde::Serialize;

use crate::route;

/// One request of the lease protocol; leases are named as in the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Version and identity of the service.
    Health,
    /// Every slot.
    Slots,
    /// Who holds connections to the server.
    Connections,
    /// A lease.
    Acquire(Acquire),
    /// A mark on a lease.
    Mark(String, MarkRequest),
    /// The way back to a mark of a lease.
    Rewind(String, Rewind),
    /// The end of a lease.
    Release(String),
    /// To keep a lease's database.
    Keep(String, Keep),
    /// The plan of a factory call.
    Plan(PlanRequest),
    /// Generated values for a plan.
    Values(RunValues),
    /// What a plan's trouble means.
    Diagnosis(RunTrouble),
    /// Rows, made and committed.
    Make(MakeRequest),
    /// Rows that are not written.
    Build(MakeRequest),
    /// What the database of a lease looks like.
    Schema(String),
}

impl Ask {
    /// Reads a whole request: its method, the target of its first line, its body.
    ///
    /// # Errors
    /// `UnknownRoute`, `UnknownMethod`, `UnknownLease`, `BadRequest`.
    pub fn read(method: &str, target: &str, body: &[u8]) -> Result<Self> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        route::find(method, path, query)?.ask(body)
    }
}

/// What the service answers; on the wire it is the JSON of what is inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To [`Ask::Health`].
    Health(Health),
    /// To [`Ask::Slots`].
    Slots(Vec<SlotStatus>),
    /// To [`Ask::Connections`].
    Connections(Holdings),
    /// To [`Ask::Acquire`].
    Lease(Lease),
    /// To [`Ask::Mark`].
    Mark(MarkSet),
    /// To [`Ask::Rewind`].
    Rewound(Rewound),
    /// To [`Ask::Release`].
    Released(Released),
    /// To [`Ask::Keep`].
    Kept(Kept),
    /// To [`Ask::Plan`].
    Planned(Planned),
    /// To [`Ask::Values`].
    Values(Values),
    /// To [`Ask::Diagnosis`].
    Diagnosis(Diagnosis),
    /// To [`Ask::Make`] and [`Ask::Build`].
    Made(Vec<Made>),
    /// To [`Ask::Schema`].
    Schema(SchemaFacts),
}
