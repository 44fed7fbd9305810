//! `seedbed ps`.

use std::fmt::Write as _;

use seedbed_api::Result;
use seedbed_engine::{ClaimKind, Record};
use serde_json::json;

use super::Context;

pub(super) fn ps(context: &Context) -> Result<()> {
    let records = seedbed_engine::ps(&context.world()?);
    if context.printer.json() {
        let rows: Vec<_> = records.iter().map(row).collect();
        return context.printer.json_data(&json!(rows));
    }
    let mut out = String::new();
    for record in &records {
        let place = record.service.as_ref().map_or(String::new(), |service| {
            format!("  PostgreSQL {} on 127.0.0.1:{}", service.version, service.port)
        });
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{}  {:3}  pid {}  {}  {}{place}",
            record.id,
            kind(record),
            record.owner.pid,
            record.project.display(),
            record.title,
        );
    }
    context.printer.data(&out).map(drop)
}

fn kind(record: &Record) -> &'static str {
    match record.kind {
        ClaimKind::Run => "run",
        ClaimKind::Up => "up",
    }
}

/// What a script may read; never the password.
fn row(record: &Record) -> serde_json::Value {
    json!({
        "id": record.id,
        "kind": kind(record),
        "pid": record.owner.pid,
        "created": record.created_s,
        "project": record.project,
        "title": record.title,
        "version": record.service.as_ref().map(|service| &service.version),
        "port": record.service.as_ref().map(|service| service.port),
    })
}
