//! From the arguments to a subcommand, and from its outcome to an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use seedbed_api::Result;
use seedbed_engine::Folders;

use super::{
    Context, cache, completions, config, down, dump, gc, kept, lease, logs, make, man, ps, reaper,
    reference, run, server, service, stub, up,
};
use crate::args::{Cli, Command};
use crate::json;
use crate::printer::Printer;
use crate::reporter::Reporter;

/// Parses the arguments, does what they say, and tells how it went.
pub(crate) fn main() -> ExitCode {
    seedbed_engine::hear_of_children();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors to clap, with code 0 and on stdout.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let printer = Printer::new(&cli.global);
    let mut context = Context { reporter: Reporter::new(printer), printer, global: cli.global };
    match dispatch(&mut context, &cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            if printer.json() {
                json::line(printer, &json::failed(&failure));
            } else {
                printer.failure(&failure);
            }
            ExitCode::from(failure.kind().exit_code().number())
        }
    }
}

fn dispatch(context: &mut Context, command: &Command) -> Result<u8> {
    if matches!(
        command,
        Command::Config(_) | Command::Cache(_) | Command::Server(_) | Command::Logs(_)
    ) {
        // The others sweep as part of their work.
        let folders = Folders::resolve(|name| std::env::var_os(name))?;
        seedbed_engine::sweep(&folders, &context.reporter);
    }
    let done = match command {
        // Those whose exit code is not ours to choose.
        Command::Run(args) => return run::run(context, args),
        Command::Lease(args) => return lease::lease(context, args),
        Command::Kept(args) => return kept::kept(context, args),
        Command::Dump(args) => return dump::dump(context, args),
        Command::Types(args) => return stub::types(context, args),
        Command::Up(args) => up::up(context, args),
        Command::Service(args) => service::service(context, args),
        Command::Down(args) => down::down(context, args),
        Command::Ps(args) => ps::ps(context, args),
        Command::Mark(args) => lease::mark(context, args),
        Command::Rewind(args) => lease::rewind(context, args),
        Command::Release(args) => lease::release(context, args),
        Command::Keep(args) => lease::keep(context, args),
        Command::Make(args) => make::make(context, args),
        Command::Explain(args) => make::explain(context, args),
        Command::Gc(_) => gc::gc(context),
        Command::Logs(args) => logs::logs(context, args),
        Command::Server(args) => server::server(context, args),
        Command::Config(args) => config::config(context, args),
        Command::Cache(args) => cache::cache(context, args),
        Command::Completions(args) => completions::completions(context, args),
        Command::Man(args) => man::man(context, args),
        Command::Reference(args) => reference::reference(args),
        Command::Reaper(args) => reaper::reaper(args),
        Command::Serve(args) => up::serve(context, args),
    };
    done.map(|()| 0)
}
