//! What a subcommand works with: the global options, a voice, and ways to the
//! configuration and the engine's surroundings.

use std::path::PathBuf;

use seedbed_api::{Context as _, Kind, Result, Silent};
use seedbed_engine::World;
use seedbed_engine::config::{Config, Flags, Inputs, RecipeSource};

use crate::args::GlobalArgs;
use crate::printer::Printer;
use crate::reporter::Reporter;

/// Everything a subcommand works with.
pub(super) struct Context {
    pub(super) global: GlobalArgs,
    pub(super) printer: Printer,
    pub(super) reporter: Reporter,
}

impl Context {
    /// The configuration of the project, under these flags.
    pub(super) fn config(&self, flags: Flags) -> Result<Config> {
        let environment = |name: &str| std::env::var_os(name);
        let directory = self.global.directory.clone();
        Config::load(Inputs { directory, environment: &environment, flags }, &self.reporter)
    }

    /// The same for subcommands that build nothing: what the configuration
    /// says about schemas is not news there.
    pub(super) fn config_in_silence(&self, flags: Flags) -> Result<Config> {
        let environment = |name: &str| std::env::var_os(name);
        let directory = self.global.directory.clone();
        Config::load(Inputs { directory, environment: &environment, flags }, &Silent)
    }

    /// The folder the person means, absolute.
    pub(super) fn directory(&self) -> Result<PathBuf> {
        let folder = &self.global.directory;
        std::fs::canonicalize(folder)
            .context(Kind::Config, || format!("cannot use {} as folder", folder.display()))
    }

    /// The surroundings of a job; the wrapped command runs in `-C`.
    pub(super) fn world(&self) -> Result<World<'_>> {
        World::here(&self.reporter, self.directory()?, crate::door::open)
    }

    /// Lets the closing line speak of migrations only where there are some.
    pub(super) fn speak_of_recipe(&mut self, config: &Config) {
        self.reporter.has_recipe(config.recipe.source != RecipeSource::Nothing);
    }
}
