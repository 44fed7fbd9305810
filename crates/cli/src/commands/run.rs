//! `seedbed run`.

use seedbed_api::Result;

use super::Context;
use crate::args::RunArgs;

/// Runs the command; its exit code becomes ours.
pub(super) fn run(context: &mut Context, args: &RunArgs) -> Result<u8> {
    let config = context.config(args.flags())?;
    context.speak_of_recipe(&config);
    let code = seedbed_engine::run(&context.world()?, &config, &args.command)?;
    // Unix hands on eight bits of it; anything else would be a failure anyway.
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}
