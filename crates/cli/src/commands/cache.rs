//! `seedbed cache path|key`.

use seedbed_api::Result;
use seedbed_engine::config::Flags;
use seedbed_server::Folders;
use serde_json::json;

use super::Context;
use crate::args::{CacheArgs, CacheCommand};

pub(super) fn cache(context: &Context, args: &CacheArgs) -> Result<()> {
    match args.command {
        CacheCommand::Path => {
            let folders = Folders::resolve(|name| std::env::var_os(name))?;
            print(context, "path", &folders.cache.to_string_lossy())
        }
        CacheCommand::Key => print(context, "key", &context.config(Flags::default())?.cache_key()?),
    }
}

fn print(context: &Context, name: &str, value: &str) -> Result<()> {
    if context.printer.json() {
        return context.printer.json_data(&json!({ name: value }));
    }
    context.printer.data(&format!("{value}\n")).map(drop)
}
