//! What there is: slots, connections, the state of the service.

use seedbed_api::Failure;
use seedbed_api::Result;
use seedbed_api::lease::{Health, Holdings, SlotState, SlotStatus};

use super::desk::{Desk, connect};
use super::identity::{LeaseId, SlotNumber};
use super::ledger::State;
use crate::holdings;

/// Version of the protocol that `docs/reference/openapi.json` describes.
const PROTOCOL: u32 = 1;
impl Desk {
    pub(crate) fn slots(&self) -> Vec<SlotStatus> {
        let (entries, _) = self.queue.entries();
        let states = entries.into_iter().zip(&self.places).enumerate();
        states
            .map(|(index, (entry, place))| {
                let slot = SlotNumber::at(index);
                let manner = place.manner().clone();
                let leased = matches!(entry.state, State::Leased { .. });
                let lease = LeaseId { slot, count: entry.leases };
                SlotStatus {
                    slot: slot.name(),
                    state: match entry.state {
                        State::Leased { .. } => SlotState::Leased,
                        State::Resetting => SlotState::Resetting,
                        State::Free if manner.broken => SlotState::Broken,
                        State::Free => SlotState::Free,
                    },
                    lease: leased.then(|| lease.name()),
                    worker: entry.worker,
                    database: place.database.clone(),
                    lane: manner.lane(),
                    leases: entry.leases,
                    replaced: manner.replaced,
                }
            })
            .collect()
    }

    pub(crate) async fn holdings(&self) -> Result<Holdings> {
        let asked = async {
            let session = connect(&self.plan).await?;
            let holdings = holdings(&session).await?;
            session.close().await;
            Ok(holdings)
        };
        let mut holdings = asked.await.map_err(|failure| self.gone(failure))?;
        holdings.reserved = self.queue.entries().1;
        for holding in &mut holdings.holders {
            let at = self.places.iter().position(|place| place.database == holding.database);
            holding.slot = at.map(|index| SlotNumber::at(index).name());
        }
        Ok(holdings)
    }

    /// A failure with who holds connections, where the server can be asked.
    pub(crate) async fn with_report(&self, failure: Failure) -> Failure {
        match self.holdings().await {
            Ok(holdings) => failure.detail(report(&holdings)),
            Err(_) => failure,
        }
    }

    pub(crate) fn health(&self) -> Health {
        let figures = self.supply.figures();
        Health {
            seedbed: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            server: self.plan.version.clone(),
            run: self.plan.run.clone(),
            template: self.plan.template.fingerprint.to_string(),
            ready: u32::try_from(figures.ready).unwrap_or(u32::MAX),
            strategy: figures.strategy.to_owned(),
        }
    }
}

/// Who holds connections, most first, a line each.
fn report(holdings: &Holdings) -> String {
    let lines = holdings.holders.iter().map(|holding| {
        let place = holding.slot.as_ref().unwrap_or(&holding.database);
        format!("{:>6}  {place}  `{}`", holding.open, holding.application)
    });
    let (open, limit) = (holdings.open, holdings.limit);
    let head = format!("open now: {open} of {limit}");
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}
