//! What stands behind the door: leases and factories, as this room sees them.

use std::future::Future;

use seedbed_api::Result;
use seedbed_api::plan::{MakeRequest, PlanRequest, RunTrouble, RunValues};
use seedbed_engine::{HolderId, Services};

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

impl Serve for Services {
    type Holder = HolderId;

    fn new_holder(&self) -> HolderId {
        self.leases.new_holder()
    }

    fn holder_ended(&self, holder: HolderId) {
        self.leases.holder_ended(holder);
    }

    async fn answer(&self, ask: Ask, holder: HolderId) -> Result<Answer> {
        let Self { leases, factories, requests } = self;
        requests.count();
        match ask {
            Ask::Health => Ok(Answer::Health(leases.health())),
            Ask::Slots => Ok(Answer::Slots(leases.slots())),
            Ask::Connections => leases.holdings().await.map(Answer::Connections),
            Ask::Acquire(request) => leases.acquire(&request, holder).await.map(Answer::Lease),
            Ask::Mark(lease, request) => leases.mark(&lease, &request).await.map(Answer::Mark),
            Ask::Rewind(lease, request) => {
                leases.rewind(&lease, &request).await.map(Answer::Rewound)
            }
            Ask::Release(lease) => leases.release(&lease).await.map(Answer::Released),
            Ask::Keep(lease, request) => leases.keep(&lease, &request).await.map(Answer::Kept),
            Ask::Plan(PlanRequest { lease, call }) => {
                factories.plan(&leases.lent(&lease)?, &call).await.map(Answer::Planned)
            }
            Ask::Values(RunValues { lease, run }) => {
                factories.values(&leases.lent(&lease)?, run).await.map(Answer::Values)
            }
            Ask::Diagnosis(RunTrouble { lease, trouble }) => {
                factories.diagnosis(&leases.lent(&lease)?, trouble).await.map(Answer::Diagnosis)
            }
            Ask::Make(MakeRequest { lease, call }) => {
                factories.make(&leases.lent(&lease)?, &call).await.map(Answer::Made)
            }
            Ask::Build(MakeRequest { lease, call }) => {
                factories.build(&leases.lent(&lease)?, &call).await.map(Answer::Made)
            }
            Ask::Schema(lease) => factories.schema(&leases.lent(&lease)?).await.map(Answer::Schema),
        }
    }
}
