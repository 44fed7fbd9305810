//! `seedbed up`.

use seedbed_api::Result;
use seedbed_engine::config::RecipeSource;

use super::Context;
use crate::args::UpArgs;

pub(super) fn up(context: &mut Context, args: &UpArgs) -> Result<u8> {
    let config = context.config(args.flags())?;
    context.reporter.has_recipe(config.recipe.source != RecipeSource::Nothing);
    super::not_connected("up")
}
