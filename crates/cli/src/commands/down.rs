//! `seedbed down`.

use seedbed_api::Result;
use seedbed_engine::Down;
use seedbed_engine::config::Flags;
use serde_json::json;

use super::Context;
use crate::args::DownArgs;

pub(super) fn down(context: &Context, args: &DownArgs) -> Result<()> {
    let config = context.config_in_silence(Flags::default())?;
    let which = Down { all: args.all, force: args.force };
    let ended = seedbed_engine::down(&context.world()?, &config, &which)?;
    if context.printer.json() {
        let ids: Vec<&str> = ended.iter().map(|record| record.id.as_str()).collect();
        return context.printer.json_data(&json!({ "ended": ids }));
    }
    if ended.is_empty() {
        context.printer.say("seedbed: nothing was up");
    }
    for record in ended {
        context.printer.say(&format!("seedbed: ended the server of {}", record.project.display()));
    }
    Ok(())
}
