//! `cli.md`: the help of every subcommand.

use clap::{Command, CommandFactory as _};

use super::pages::header;
use crate::args::Cli;

/// Width of the help texts, the same wherever the page is generated.
const COLUMNS: usize = 100;

pub(super) fn page() -> String {
    let mut cli = Cli::command().term_width(COLUMNS).disable_help_subcommand(true);
    cli.build();
    let mut out = header("the definition of the command line");
    out.push_str("# Command line\n");
    section(&mut out, &cli, "seedbed");
    out
}

fn section(out: &mut String, command: &Command, path: &str) {
    let help = command.clone().term_width(COLUMNS).render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    out.push_str(&format!("\n## `{path}`\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        section(out, sub, &format!("{path} {}", sub.get_name()));
    }
}
