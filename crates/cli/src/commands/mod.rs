//! From arguments to the engine: one file for each subcommand.

mod cache;
mod completions;
mod config;
mod down;
mod gc;
mod logs;
mod man;
mod ps;
mod reaper;
mod reference;
mod run;
mod server;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use seedbed_api::{Context as _, Kind, Result, Silent};
use seedbed_engine::World;
use seedbed_engine::config::{Config, Flags, Inputs, RecipeSource};

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

    /// The same for subcommands that build nothing: what the configuration
    /// says about schemas is not news there.
    fn config_in_silence(&self, flags: Flags) -> Result<Config> {
        let environment = |name: &str| std::env::var_os(name);
        let directory = self.global.directory.clone();
        Config::load(Inputs { directory, environment: &environment, flags }, &Silent)
    }

    /// The folder the person means, absolute.
    fn directory(&self) -> Result<PathBuf> {
        let folder = &self.global.directory;
        std::fs::canonicalize(folder)
            .context(Kind::Config, || format!("cannot use {} as folder", folder.display()))
    }

    /// The surroundings of a job; the wrapped command runs in `-C`.
    fn world(&self) -> Result<World<'_>> {
        World::here(&self.reporter, self.directory()?)
    }

    /// Lets the closing line speak of migrations only where there are some.
    fn speak_of_recipe(&mut self, config: &Config) {
        self.reporter.has_recipe(config.recipe.source != RecipeSource::Nothing);
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
        // The only one whose exit code is not ours to choose.
        Command::Run(args) => return run::run(context, args),
        Command::Up(args) => up::up(context, args),
        Command::Down(args) => down::down(context, args),
        Command::Ps(_) => ps::ps(context),
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
