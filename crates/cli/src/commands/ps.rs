//! `seedbed ps`.

use std::time::{SystemTime, UNIX_EPOCH};

use seedbed_api::Result;
use seedbed_api::lease::SlotState;
use seedbed_engine::{ClaimKind, Record};
use serde_json::json;

use super::{Context, lease_service};
use crate::args::PsArgs;
use crate::table;

pub(super) fn ps(context: &Context, args: &PsArgs) -> Result<()> {
    if args.slots {
        return slots(context);
    }
    if args.connections {
        return connections(context);
    }
    let records = seedbed_engine::ps(&context.world()?);
    if context.printer.json() {
        let records: Vec<_> = records.iter().map(value).collect();
        return context.printer.json_data(&json!(records));
    }
    if records.is_empty() {
        context.printer.say("seedbed: nothing runs");
        return Ok(());
    }
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let rows = records.iter().map(|record| {
        [
            kind(record.kind).to_owned(),
            record.owner.pid.to_string(),
            record.service.as_ref().map_or("-".to_owned(), |service| service.port.to_string()),
            table::age(now_s.saturating_sub(record.created_s)),
            record.project.display().to_string(),
            record.title.clone(),
        ]
    });
    let text = table::render(["KIND", "PID", "PORT", "AGE", "PROJECT", "COMMAND"], rows);
    context.printer.data(&text).map(drop)
}

/// The slots of the lease service.
fn slots(context: &Context) -> Result<()> {
    let slots = lease_service::call(context, async |client| client.slots().await)?;
    if context.printer.json() {
        return context.printer.json_data(&json!(slots));
    }
    let rows = slots.iter().map(|slot| {
        [
            slot.slot.clone(),
            word(&slot.state),
            slot.lane.word().to_owned(),
            slot.lease.clone().unwrap_or_else(|| "-".to_owned()),
            slot.worker.clone().unwrap_or_else(|| "-".to_owned()),
            slot.leases.to_string(),
            slot.replaced.to_string(),
            slot.database.clone(),
        ]
    });
    let header = ["SLOT", "STATE", "LANE", "LEASE", "WORKER", "LEASES", "REPLACED", "DATABASE"];
    context.printer.data(&table::render(header, rows)).map(drop)
}

/// Who holds connections to the server.
fn connections(context: &Context) -> Result<()> {
    let holdings = lease_service::call(context, async |client| client.connections().await)?;
    if context.printer.json() {
        return context.printer.json_data(&json!(holdings));
    }
    context.printer.say(&format!(
        "seedbed: {} of {} connections are open, leases have reserved {}",
        holdings.open, holdings.limit, holdings.reserved
    ));
    let rows = holdings.holders.iter().map(|holding| {
        [
            holding.slot.clone().unwrap_or_else(|| "-".to_owned()),
            holding.open.to_string(),
            holding.in_transaction.to_string(),
            holding.database.clone(),
            holding.application.clone(),
        ]
    });
    let header = ["SLOT", "OPEN", "IN TRANSACTION", "DATABASE", "APPLICATION"];
    context.printer.data(&table::render(header, rows)).map(drop)
}

/// The word of a state, as JSON has it.
fn word(state: &SlotState) -> String {
    json!(state).as_str().unwrap_or_default().to_owned()
}

/// What a script may know; passwords and URLs stay in the record.
fn value(record: &Record) -> serde_json::Value {
    json!({
        "id": record.id,
        "kind": kind(record.kind),
        "pid": record.owner.pid,
        "created": record.created_s,
        "project": record.project.to_string_lossy(),
        "title": record.title,
        "version": record.service.as_ref().map(|service| &service.version),
        "port": record.service.as_ref().map(|service| service.port),
    })
}

fn kind(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Run => "run",
        ClaimKind::Up => "up",
        ClaimKind::Lease => "lease",
    }
}
