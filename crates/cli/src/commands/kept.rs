//! `seedbed kept`.

use std::time::{SystemTime, UNIX_EPOCH};

use seedbed_api::Result;
use seedbed_engine::Kept;
use seedbed_engine::config::Flags;
use serde_json::{Value, json};

use super::Context;
use crate::args::{KeptArgs, KeptCommand};
use crate::table;

pub(super) fn kept(context: &Context, args: &KeptArgs) -> Result<u8> {
    let config = context.config_in_silence(Flags::default())?;
    let world = context.world()?;
    match &args.command {
        KeptCommand::Ls => list(context, &seedbed_engine::kept(&world, &config)?).map(|()| 0),
        KeptCommand::Open { name, command } => {
            let code = seedbed_engine::open_kept(&world, &config, name, command)?;
            Ok(u8::try_from(code).unwrap_or(u8::MAX))
        }
        KeptCommand::Rm { names, all } => {
            let names = (!all).then_some(names.as_slice());
            let removed = seedbed_engine::remove_kept(&world, &config, names)?;
            tell(context, &removed).map(|()| 0)
        }
    }
}

fn list(context: &Context, all: &[Kept]) -> Result<()> {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    if context.printer.json() {
        let values: Vec<Value> = all.iter().map(value).collect();
        return context.printer.json_data(&json!(values));
    }
    if all.is_empty() {
        context.printer.say("seedbed: nothing is kept");
        return Ok(());
    }
    let unknown = || "-".to_owned();
    let rows = all.iter().map(|kept| {
        [
            kept.name.clone(),
            kept.test.clone().unwrap_or_else(unknown),
            kept.project.clone().unwrap_or_else(unknown),
            table::age(now_s.saturating_sub(kept.created_s)),
            kept.place(),
        ]
    });
    let text = table::render(["NAME", "TEST", "PROJECT", "AGE", "WHERE"], rows);
    context.printer.data(&text).map(drop)
}

fn value(kept: &Kept) -> Value {
    json!({
        "name": kept.name,
        "test": kept.test,
        "project": kept.project,
        "created": kept.created_s,
        "where": kept.place(),
    })
}

fn tell(context: &Context, removed: &[String]) -> Result<()> {
    if context.printer.json() {
        return context.printer.json_data(&json!({ "removed": removed }));
    }
    if removed.is_empty() {
        context.printer.say("seedbed: nothing was kept");
    }
    for name in removed {
        context.printer.say(&format!("seedbed: removed {name}"));
    }
    Ok(())
}
