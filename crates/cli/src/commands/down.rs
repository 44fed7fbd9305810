//! `seedbed down`.

use seedbed_api::Result;
use seedbed_engine::config::Flags;
use serde_json::json;

use super::Context;
use crate::args::DownArgs;

pub(super) fn down(context: &Context, args: &DownArgs) -> Result<()> {
    let config = context.config(Flags::default())?;
    let ended = seedbed_engine::down(&context.world()?, &config, args.all)?;
    if context.printer.json() {
        let ids: Vec<&str> = ended.iter().map(|record| record.id.as_str()).collect();
        return context.printer.json_data(&json!({ "ended": ids }));
    }
    if !context.printer.quiet() {
        context.printer.talk(&match ended.len() {
            0 => "seedbed: no server to end".to_owned(),
            1 => "seedbed: ended the server".to_owned(),
            count => format!("seedbed: ended {count} servers"),
        });
    }
    Ok(())
}
