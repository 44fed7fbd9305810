//! From arguments to the engine: one file for each subcommand.

mod cache;
mod completions;
mod config;
mod man;
mod reference;
mod run;
mod up;

use std::process::ExitCode;

use clap::Parser as _;
use seedbed_api::{Failure, Kind, Result};
use seedbed_engine::config::{Config, Flags, Inputs};

use crate::args::{Cli, Command, GlobalArgs};
use crate::json;
use crate::printer::Printer;
use crate::reporter::Reporter;

/// Everything a subcommand works with.
struct Context {
    global: GlobalArgs,
    printer: Printer,
    reporter: Reporter,
}

impl Context {
    /// The configuration of the project, under these flags.
    fn config(&self, flags: Flags) -> Result<Config> {
        let environment = |name: &str| std::env::var_os(name);
        let directory = self.global.directory.clone();
        Config::load(Inputs { directory, environment: &environment, flags }, &self.reporter)
    }
}

/// Parses the arguments, does what they say, and tells how it went.
pub(crate) fn main() -> ExitCode {
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
    let done = match command {
        Command::Run(args) => return run::run(context, args),
        Command::Up(args) => return up::up(context, args),
        Command::Down(args) => return not_connected(if args.all { "down --all" } else { "down" }),
        Command::Ps(_) => return not_connected("ps"),
        Command::Gc(_) => return not_connected("gc"),
        Command::Logs(args) => {
            return not_connected(&format!("logs {} {}", args.follow, args.lines));
        }
        Command::Server(args) => return not_connected(&format!("server {:?}", args.command)),
        Command::Config(args) => config::config(context, args),
        Command::Cache(args) => cache::cache(context, args),
        Command::Completions(args) => completions::completions(context, args),
        Command::Man(args) => man::man(context, args),
        Command::Reference(args) => reference::reference(args),
        Command::Reaper(args) => return not_connected(&args.claim.to_string_lossy()),
    };
    done.map(|()| 0)
}

/// Until the engine offers what the subcommand asks for.
fn not_connected(name: &str) -> Result<u8> {
    Err(Failure::new(Kind::Bug, format!("`seedbed {name}` is not connected to the engine yet")))
}
