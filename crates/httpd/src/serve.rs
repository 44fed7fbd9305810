//! What stands behind the door: the lease service, as this room sees it.

use std::future::Future;

use seedbed_api::Result;
use seedbed_isolation::{HolderId, Leases};

use crate::ask::{Answer, Ask};

/// Something that answers requests. Beside the lease service itself it is what
/// the tests of this room put there to watch holders come and go.
pub trait Serve: Clone + Send + Sync + 'static {
    /// Identity of a holder: one connection of one client.
    type Holder: Copy + Send + Sync + 'static;

    /// A client has connected.
    fn new_holder(&self) -> Self::Holder;

    /// The client is gone; called once for each holder.
    fn holder_ended(&self, holder: Self::Holder);

    /// Answers a request. The future is dropped when the client hangs up.
    fn answer(&self, ask: Ask, holder: Self::Holder)
    -> impl Future<Output = Result<Answer>> + Send;
}

impl Serve for Leases {
    type Holder = HolderId;

    fn new_holder(&self) -> HolderId {
        Self::new_holder(self)
    }

    fn holder_ended(&self, holder: HolderId) {
        Self::holder_ended(self, holder);
    }

    async fn answer(&self, ask: Ask, holder: HolderId) -> Result<Answer> {
        match ask {
            Ask::Health => Ok(Answer::Health(self.health())),
            Ask::Slots => Ok(Answer::Slots(self.slots())),
            Ask::Connections => self.holdings().await.map(Answer::Connections),
            Ask::Acquire(request) => self.acquire(&request, holder).await.map(Answer::Lease),
            Ask::Mark(lease, request) => self.mark(&lease, &request).await.map(Answer::Mark),
            Ask::Rewind(lease, request) => self.rewind(&lease, &request).await.map(Answer::Rewound),
            Ask::Release(lease) => self.release(&lease).await.map(Answer::Released),
            Ask::Keep(lease, request) => self.keep(&lease, &request).await.map(Answer::Kept),
        }
    }
}
