//! The whole of the command line: global options and the list of subcommands.

use std::path::PathBuf;

use clap::{ColorChoice, Parser, Subcommand};

use super::{
    CacheArgs, CompletionsArgs, ConfigArgs, DownArgs, DumpArgs, ExplainArgs, GcArgs, KeepArgs,
    KeptArgs, LeaseArgs, LogsArgs, MakeArgs, ManArgs, MarkArgs, PsArgs, ReaperArgs, ReferenceArgs,
    ReleaseArgs, RewindArgs, RunArgs, ServeArgs, ServerArgs, ServiceArgs, TypesArgs, UpArgs,
};

/// Gives any test command its own real PostgreSQL database: migrations applied
/// once and cached, nothing left behind.
#[derive(Debug, Parser)]
#[command(name = "seedbed", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What every subcommand understands.
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every subcommand.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The project folder, instead of the current one
    #[arg(
        short = 'C',
        long,
        global = true,
        value_name = "FOLDER",
        default_value = ".",
        hide_default_value = true
    )]
    pub(crate) directory: PathBuf,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Speak JSON: events and errors as lines on stderr, data on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
    /// Show no progress bars
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// The subcommands, in the order of the help. What each is for stands above its
/// arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Up(UpArgs),
    Down(DownArgs),
    Service(ServiceArgs),
    Lease(LeaseArgs),
    Mark(MarkArgs),
    Rewind(RewindArgs),
    Release(ReleaseArgs),
    Keep(KeepArgs),
    Kept(KeptArgs),
    Make(MakeArgs),
    Explain(ExplainArgs),
    Types(TypesArgs),
    Dump(DumpArgs),
    Ps(PsArgs),
    Gc(GcArgs),
    Logs(LogsArgs),
    Server(ServerArgs),
    Config(ConfigArgs),
    Cache(CacheArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
    #[command(hide = true)]
    Reference(ReferenceArgs),
    #[command(hide = true)]
    Reaper(ReaperArgs),
    #[command(hide = true)]
    Serve(ServeArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use seedbed_engine::config::keys::KEYS;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    /// The table of keys names the flag of a key: it must exist.
    #[test]
    fn every_flag_of_the_table_exists() {
        let cli = Cli::command();
        let flags: Vec<String> = cli
            .get_subcommands()
            .flat_map(clap::Command::get_arguments)
            .filter_map(|argument| argument.get_long().map(|long| format!("--{long}")))
            .collect();
        for flag in KEYS.iter().filter_map(|key| key.flag) {
            assert!(flags.iter().any(|known| known == flag), "{flag}");
        }
    }

    /// The server crate starts the reaper by its name.
    #[test]
    fn the_reaper_is_found() {
        assert!(Cli::command().find_subcommand(seedbed_engine::REAPER_COMMAND).is_some());
    }

    /// What `up` was told, `serve` is told.
    #[test]
    fn serve_understands_the_flags_of_up() {
        let flags = [
            "--server",
            "embedded@17",
            "--pg-version",
            "17",
            "--storage",
            "disk",
            "--allow-host",
            "a",
            "--allow-host",
            "b",
            "--offline",
            "--idle-timeout",
            "2h",
        ];
        let words = ["seedbed", "up"].into_iter().chain(flags);
        let Command::Up(up) = Cli::try_parse_from(words).unwrap().command else {
            panic!("up is up")
        };
        assert_eq!(up.arguments(), flags);
        let words = ["seedbed", "serve"].into_iter().chain(flags);
        let Command::Serve(serve) = Cli::try_parse_from(words).unwrap().command else {
            panic!("serve is serve")
        };
        assert_eq!(serve.up.arguments(), flags);
    }

    #[test]
    fn options_after_the_command_belong_to_it() {
        let cli =
            Cli::try_parse_from(["seedbed", "run", "--quiet", "pytest", "-x", "--json", "--"]);
        let cli = cli.unwrap();
        assert!(cli.global.quiet && !cli.global.json);
        let Command::Run(run) = cli.command else { panic!("run is run") };
        assert_eq!(run.command, ["pytest", "-x", "--json", "--"]);
    }

    #[test]
    fn a_misspelt_option_is_not_taken_for_the_command() {
        let error =
            Cli::try_parse_from(["seedbed", "run", "--sever", "local", "pytest"]).unwrap_err();
        assert_eq!(error.kind(), clap::error::ErrorKind::UnknownArgument);
    }
}
