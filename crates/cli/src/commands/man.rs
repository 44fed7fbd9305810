//! `seedbed man [SUBCOMMAND]`.

use clap::CommandFactory as _;
use seedbed_api::{Context as _, Failure, Kind, Result};

use super::Context;
use crate::args::{Cli, ManArgs};

pub(super) fn man(context: &Context, args: &ManArgs) -> Result<()> {
    let mut cli = Cli::command();
    // Gives every subcommand its full name, `seedbed-server-install`.
    cli.build();
    let mut command = &cli;
    for name in &args.path {
        command = command.find_subcommand(name).ok_or_else(|| {
            Failure::new(
                Kind::Config,
                format!("`{name}` is not a subcommand of {}", command.get_name()),
            )
            .hint("seedbed man run")
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .context(Kind::Bug, || "cannot render the man page".to_owned())?;
    context.printer.data(&String::from_utf8_lossy(&page)).map(drop)
}
