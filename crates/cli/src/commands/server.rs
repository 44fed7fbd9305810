//! `seedbed server ls|install|rm`.

use std::fmt::Write as _;

use seedbed_api::Result;
use seedbed_engine::Servers;
use seedbed_engine::config::Flags;
use serde_json::{Value, json};

use super::Context;
use crate::args::{ServerArgs, ServerCommand};

pub(super) fn server(context: &Context, args: &ServerArgs) -> Result<()> {
    let config = context.config(Flags::default())?;
    let world = context.world()?;
    match &args.command {
        ServerCommand::Ls => list(context, &seedbed_engine::list(&world, &config)?),
        ServerCommand::Install { version } => {
            let binaries = seedbed_engine::install(&world, &config, *version)?;
            let folder = binaries.bin_dir.to_string_lossy();
            if context.printer.json() {
                let version = binaries.version.to_string();
                return context
                    .printer
                    .json_data(&json!({ "version": version, "bin_dir": folder }));
            }
            context.printer.data(&format!("{}  {folder}\n", binaries.version)).map(drop)
        }
        ServerCommand::Rm { version } => {
            let removed = seedbed_engine::remove(&world, &config, version)?;
            let removed: Vec<String> = removed.iter().map(ToString::to_string).collect();
            if context.printer.json() {
                return context.printer.json_data(&json!({ "removed": removed }));
            }
            context.printer.data(&format!("removed {}\n", removed.join(", "))).map(drop)
        }
    }
}

fn list(context: &Context, servers: &Servers) -> Result<()> {
    if context.printer.json() {
        let local = servers.local.iter().map(|found| {
            json!({
                "kind": "local",
                "version": found.version.map(|version| version.to_string()),
                "bin_dir": found.bin_dir,
                "problem": found.usable.as_ref().err().map(seedbed_api::Failure::chain),
            })
        });
        let embedded = servers.embedded.iter().map(|binaries| {
            json!({
                "kind": "embedded",
                "version": binaries.version.to_string(),
                "bin_dir": binaries.bin_dir,
                "problem": Value::Null,
            })
        });
        return context.printer.json_data(&local.chain(embedded).collect());
    }
    let mut out = String::new();
    for found in &servers.local {
        let version = found.version.map_or("?".to_owned(), |version| version.to_string());
        let problem = match &found.usable {
            Ok(_) => String::new(),
            Err(failure) => format!("  ({})", failure.chain()),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{version:6} local     {}{problem}", found.bin_dir.display());
    }
    for binaries in &servers.embedded {
        let _ = writeln!(
            out,
            "{:6} embedded  {}",
            binaries.version.to_string(),
            binaries.bin_dir.display()
        );
    }
    context.printer.data(&out).map(drop)
}
