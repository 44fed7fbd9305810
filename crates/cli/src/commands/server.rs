//! `seedbed server ls|install|rm`.

use seedbed_api::Result;
use seedbed_engine::config::{Config, Flags};
use serde_json::json;

use super::Context;
use crate::args::{ServerArgs, ServerCommand};
use crate::table;

pub(super) fn server(context: &Context, args: &ServerArgs) -> Result<()> {
    let flags = match &args.command {
        ServerCommand::Install { fetch_with, .. } => {
            Flags::default().value("fetch_with", fetch_with.clone())
        }
        ServerCommand::Ls | ServerCommand::Rm { .. } => Flags::default(),
    };
    let config = context.config_in_silence(flags)?;
    match &args.command {
        ServerCommand::Ls => list(context, &config),
        ServerCommand::Install { version, .. } => install(context, &config, *version),
        ServerCommand::Rm { version } => remove(context, &config, version),
    }
}

/// One folder of binaries, usable or not.
struct Line {
    version: String,
    kind: &'static str,
    folder: String,
    /// Why it cannot be used.
    flaw: Option<String>,
}

fn list(context: &Context, config: &Config) -> Result<()> {
    let servers = seedbed_engine::list(&context.world()?, config)?;
    let local = servers.local.into_iter().map(|found| Line {
        version: found.version.map_or("?".into(), |version| version.to_string()),
        kind: "local",
        folder: found.bin_dir.display().to_string(),
        flaw: found.usable.err().map(|failure| failure.chain()),
    });
    let embedded = servers.embedded.into_iter().map(|binaries| Line {
        version: binaries.version.to_string(),
        kind: "embedded",
        folder: binaries.bin_dir.display().to_string(),
        flaw: None,
    });
    let lines: Vec<Line> = local.chain(embedded).collect();
    if context.printer.json() {
        let values: Vec<_> = lines
            .iter()
            .map(|line| {
                json!({
                    "version": line.version,
                    "kind": line.kind,
                    "bin_dir": line.folder,
                    "problem": line.flaw,
                })
            })
            .collect();
        return context.printer.json_data(&json!(values));
    }
    if lines.is_empty() {
        context
            .printer
            .say("seedbed: no PostgreSQL here yet; `seedbed server install` fetches one");
        return Ok(());
    }
    let rows = lines.into_iter().map(|line| {
        let folder = match line.flaw {
            Some(flaw) => format!("{} (unusable: {flaw})", line.folder),
            None => line.folder,
        };
        [line.version, line.kind.to_owned(), folder]
    });
    context.printer.data(&table::render(["VERSION", "KIND", "FOLDER"], rows)).map(drop)
}

fn install(context: &Context, config: &Config, major: Option<u16>) -> Result<()> {
    let binaries = seedbed_engine::install(&context.world()?, config, major)?;
    let (version, folder) = (binaries.version.to_string(), binaries.bin_dir.display().to_string());
    if context.printer.json() {
        return context.printer.json_data(&json!({ "version": version, "bin_dir": folder }));
    }
    context.printer.say(&format!("seedbed: PostgreSQL {version} is in {folder}"));
    Ok(())
}

fn remove(context: &Context, config: &Config, version: &str) -> Result<()> {
    let removed = seedbed_engine::remove(&context.world()?, config, version)?;
    let removed: Vec<String> = removed.iter().map(ToString::to_string).collect();
    if context.printer.json() {
        return context.printer.json_data(&json!({ "removed": removed }));
    }
    context.printer.say(&format!("seedbed: removed PostgreSQL {}", removed.join(", ")));
    Ok(())
}
