//! `seedbed gc`.

use seedbed_api::Result;
use serde_json::json;

use super::Context;

pub(super) fn gc(context: &Context) -> Result<()> {
    let swept = seedbed_engine::gc(&context.world()?.folders, &context.reporter)?;
    if context.printer.json() {
        let report = json!({ "claims": swept.claims, "images": swept.images });
        return context.printer.json_data(&report);
    }
    if (swept.claims, swept.images) == (0, 0) {
        context.printer.say("seedbed: nothing to remove");
        return Ok(());
    }
    context.printer.say(&format!(
        "seedbed: removed what {} left behind, and {} from the cache",
        count(swept.claims, "dead run"),
        count(swept.images, "old cluster"),
    ));
    Ok(())
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
