//! `seedbed cache path|key`.

use seedbed_api::Result;
use seedbed_engine::config::Flags;
use serde_json::json;

use super::Context;
use crate::args::{CacheArgs, CacheCommand};

pub(super) fn cache(context: &Context, args: &CacheArgs) -> Result<()> {
    match args.command {
        CacheCommand::Path => {
            print(context, "path", &context.world()?.folders.cache.to_string_lossy())
        }
        CacheCommand::Key => {
            print(context, "key", &context.config_in_silence(Flags::default())?.cache_key()?)
        }
    }
}

fn print(context: &Context, name: &str, value: &str) -> Result<()> {
    if context.printer.json() {
        return context.printer.json_data(&json!({ name: value }));
    }
    context.printer.data(&format!("{value}\n")).map(drop)
}
