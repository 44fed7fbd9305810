//! `seedbed run`.

use seedbed_api::Result;
use seedbed_engine::config::RecipeSource;

use super::Context;
use crate::args::RunArgs;

/// Runs the command; its exit code becomes ours.
pub(super) fn run(context: &mut Context, args: &RunArgs) -> Result<u8> {
    let config = context.config(args.flags())?;
    context.reporter.has_recipe(config.recipe.source != RecipeSource::Nothing);
    super::not_connected("run")
}
