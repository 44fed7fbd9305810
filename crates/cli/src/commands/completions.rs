//! `seedbed completions SHELL`.

use clap::CommandFactory as _;
use seedbed_api::Result;

use super::Context;
use crate::args::{Cli, CompletionsArgs};

pub(super) fn completions(context: &Context, args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "seedbed", &mut script);
    context.printer.data(&String::from_utf8_lossy(&script)).map(drop)
}
