//! The requests of the lease protocol as functions of the client.

use seedbed_api::Result;
use seedbed_api::lease::{
    Acquire, Health, Holdings, Keep, Kept, Lease, MarkRequest, MarkSet, Released, Rewind, Rewound,
    SlotStatus,
};
use seedbed_api::plan::{
    Diagnosis, Made, MakeRequest, PlanRequest, Planned, RunTrouble, RunValues, SchemaFacts, Values,
};

use crate::client::Client;

/// For requests without a body.
const NOTHING: Option<&()> = None;

impl Client {
    /// Leases a slot, waiting for a free one.
    ///
    /// # Errors
    /// `UnknownSlot`, `UnknownTemplate`, `LaneImpossible`, `NoFreeSlot`,
    /// `NoConnections`, `ServerGone`, `Ending`, and those of every call.
    pub async fn acquire(&mut self, request: &Acquire) -> Result<Lease> {
        self.call("POST", "/v1/leases", Some(request)).await
    }

    /// Marks the state of a leased database as it is now.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `WriterOpen`, `ServerGone`, and those of
    /// every call.
    pub async fn mark(&mut self, lease: &str, request: &MarkRequest) -> Result<MarkSet> {
        self.call("POST", &format!("/v1/leases/{lease}/marks"), Some(request)).await
    }

    /// Brings a leased database back to a mark.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `UnknownMark`, `ForeignMark`,
    /// `ServerGone`, and those of every call.
    pub async fn rewind(&mut self, lease: &str, request: &Rewind) -> Result<Rewound> {
        self.call("POST", &format!("/v1/leases/{lease}/rewind"), Some(request)).await
    }

    /// Ends a lease; returns when its slot is clean.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, and those of every call.
    pub async fn release(&mut self, lease: &str) -> Result<Released> {
        self.call("DELETE", &format!("/v1/leases/{lease}"), NOTHING).await
    }

    /// Keeps a leased database as it is; the slot gets another one.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `ServerGone`, and those of every call.
    pub async fn keep(&mut self, lease: &str, request: &Keep) -> Result<Kept> {
        self.call("POST", &format!("/v1/leases/{lease}/keep"), Some(request)).await
    }

    /// The plan of a factory call on a leased database.
    ///
    /// # Errors
    /// `BadRequest` for a call that cannot be, `UnknownLease`, `LeaseEnded`,
    /// `ServerGone`, and those of every call.
    pub async fn plan(&mut self, request: &PlanRequest) -> Result<Planned> {
        self.call("POST", "/v1/plans", Some(request)).await
    }

    /// Generated values for a plan.
    ///
    /// # Errors
    /// `UnknownShape`, `CannotMake`, `UnknownLease`, `LeaseEnded`,
    /// `ServerGone`, and those of every call.
    pub async fn values(&mut self, request: &RunValues) -> Result<Values> {
        self.call("POST", "/v1/values", Some(request)).await
    }

    /// What a plan's trouble means.
    ///
    /// # Errors
    /// `UnknownShape`, `UnknownLease`, `LeaseEnded`, and those of every call.
    pub async fn diagnosis(&mut self, request: &RunTrouble) -> Result<Diagnosis> {
        self.call("POST", "/v1/diagnosis", Some(request)).await
    }

    /// Rows in a leased database, made and committed by the service.
    ///
    /// # Errors
    /// `BadRequest` for a call that cannot be, `CannotMake`, `UnknownLease`,
    /// `LeaseEnded`, `ServerGone`, and those of every call.
    pub async fn make(&mut self, request: &MakeRequest) -> Result<Vec<Made>> {
        self.call("POST", "/v1/make", Some(request)).await
    }

    /// Rows as they would be made, without writing any.
    ///
    /// # Errors
    /// `BadRequest` for a call that cannot be, `UnknownLease`, `LeaseEnded`,
    /// `ServerGone`, and those of every call.
    pub async fn build(&mut self, request: &MakeRequest) -> Result<Vec<Made>> {
        self.call("POST", "/v1/build", Some(request)).await
    }

    /// What a leased database looks like.
    ///
    /// # Errors
    /// `UnknownLease`, `LeaseEnded`, `ServerGone`, and those of every call.
    pub async fn schema(&mut self, lease: &str) -> Result<SchemaFacts> {
        self.call("GET", &format!("/v1/schema?lease={lease}"), NOTHING).await
    }

    /// Every slot and what it is doing.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn slots(&mut self) -> Result<Vec<SlotStatus>> {
        self.call("GET", "/v1/slots", NOTHING).await
    }

    /// Who holds connections to the server.
    ///
    /// # Errors
    /// `ServerGone`, and those of every call.
    pub async fn connections(&mut self) -> Result<Holdings> {
        self.call("GET", "/v1/connections", NOTHING).await
    }

    /// Version and identity of the service.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn health(&mut self) -> Result<Health> {
        self.call("GET", "/v1/health", NOTHING).await
    }
}
