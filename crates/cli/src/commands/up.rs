//! `seedbed up`, and the service it starts.

use std::ffi::OsString;

use seedbed_api::Result;
use seedbed_engine::config::RecipeSource;
use serde_json::json;

use super::Context;
use crate::args::UpArgs;

pub(super) fn up(context: &mut Context, args: &UpArgs) -> Result<()> {
    let config = context.config(args.flags())?;
    context.reporter.has_recipe(config.recipe.source != RecipeSource::Nothing);
    let world = context.world()?;
    if args.service {
        return seedbed_engine::serve(&world, &config);
    }
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    arguments.extend(["--service".into(), "--json".into()]);
    let up = seedbed_engine::up(&world, &config, &arguments)?;
    let (version, port) = match &up.record.service {
        Some(service) => (service.version.as_str(), service.port),
        None => ("", 0),
    };
    if context.printer.json() {
        return context.printer.json_data(&json!({
            "id": up.record.id,
            "version": version,
            "port": port,
            "already": up.already,
        }));
    }
    if !context.printer.quiet() {
        let state = if up.already { "runs already" } else { "runs" };
        context.printer.talk(&format!(
            "seedbed: PostgreSQL {version} {state} on 127.0.0.1:{port}; end it with `seedbed down`"
        ));
    }
    Ok(())
}
