//! `seedbed gc`.

use seedbed_api::Result;
use serde_json::json;

use super::Context;

pub(super) fn gc(context: &Context) -> Result<()> {
    let world = context.world()?;
    let swept = seedbed_engine::gc(&world.folders, world.listener)?;
    if context.printer.json() {
        return context
            .printer
            .json_data(&json!({ "claims": swept.claims, "images": swept.images }));
    }
    if !context.printer.quiet() {
        context.printer.talk(&format!(
            "seedbed: cleaned up after {} dead runs, removed {} images from the cache",
            swept.claims, swept.images
        ));
    }
    Ok(())
}
