//! `seedbed config show`.

use std::fmt::Write as _;

use seedbed_api::Result;
use seedbed_engine::config::{Config, Flags, Row};
use serde_json::json;

use super::Context;
use crate::args::{ConfigArgs, ConfigCommand};

pub(super) fn config(context: &Context, args: &ConfigArgs) -> Result<()> {
    match args.command {
        ConfigCommand::Show => show(context, &context.config(Flags::default())?),
    }
}

fn show(context: &Context, config: &Config) -> Result<()> {
    let rows = config.rows();
    if context.printer.json() {
        let values: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "key": row.key,
                    "value": row.value.as_deref().map(value),
                    "origin": row.origin.to_string(),
                    "reason": row.reason,
                })
            })
            .collect();
        let file = config.file.as_ref().map(|file| file.to_string_lossy());
        let root = config.root.to_string_lossy();
        return context.printer.json_data(&json!({ "root": root, "file": file, "values": values }));
    }
    let mut out = match &config.file {
        Some(file) => format!("# {}\n", file.display()),
        None => format!("# {} has no seedbed.toml\n", config.root.display()),
    };
    let lines: Vec<String> = rows.iter().map(assignment).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    for (line, row) in lines.iter().zip(&rows) {
        let reason = row.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{line:width$}  # {}{reason}", row.origin);
    }
    context.printer.data(&out).map(drop)
}

fn assignment(row: &Row) -> String {
    match &row.value {
        Some(value) => format!("{} = {value}", row.key),
        None => format!("{} is not set", row.key),
    }
}

/// A row's value, which is written so that it is JSON as well.
fn value(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}
