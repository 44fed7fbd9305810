//! `seedbed run`.

use seedbed_api::Result;
use seedbed_engine::config::RecipeSource;

use super::Context;
use crate::args::RunArgs;

/// Runs the command; its exit code becomes ours.
pub(super) fn run(context: &mut Context, args: &RunArgs) -> Result<u8> {
    let config = context.config(args.flags())?;
    context.reporter.has_recipe(config.recipe.source != RecipeSource::Nothing);
    let code = seedbed_engine::run(&context.world()?, &config, &args.command)?;
    // A code has eight bits by the time a parent sees it.
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}
