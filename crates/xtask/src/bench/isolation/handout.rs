//! How long a client waits for a lease on a slot that nobody has.

use std::rc::Rc;
use std::time::Instant;

use anyhow::Result;
use seedbed_api::lease::Acquire;
use seedbed_httpd::Client;
use tokio::runtime::Runtime;

use super::super::contestant::Contestant;
use super::super::service::Service;
use super::BURST;

/// Its line in the report.
pub(crate) const NAME: &str = "hand-out of an idle slot";

/// Acquires a slot and gives it back; only the first is timed.
pub(crate) fn contestant(
    runtime: &Rc<Runtime>,
    service: &Service,
    number: usize,
) -> Result<Contestant<'static>> {
    let runtime = Rc::clone(runtime);
    let mut client = runtime.block_on(Client::connect(&service.address, &service.token))?;
    let request = Acquire { slot: Some(format!("run/{number}")), ..Acquire::default() };
    let mut turn = move || {
        let began = Instant::now();
        let lease = runtime.block_on(client.acquire(&request))?;
        let took = began.elapsed();
        runtime.block_on(client.release(&lease.lease))?;
        Ok(took)
    };
    turn()?;
    Ok(Contestant::new(NAME, 1, turn).in_bursts(BURST))
}
