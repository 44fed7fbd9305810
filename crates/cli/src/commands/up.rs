//! `seedbed up`, and `seedbed serve`, which it and `seedbed service` start.

use std::ffi::OsString;
use std::path::Path;

use seedbed_api::{Failure, Kind, Result};
use seedbed_engine::{Launch, Wish};
use serde_json::json;

use super::Context;
use crate::args::{ServeArgs, UpArgs};

pub(super) fn up(context: &mut Context, args: &UpArgs) -> Result<()> {
    let config = context.config(args.flags())?;
    context.speak_of_recipe(&config);
    let directory = context.directory()?;
    let words = |launch: &Launch| words(&directory, args, launch);
    let up = seedbed_engine::up(&context.world()?, &config, Wish::default(), &words)?;

    let record = up.record;
    let service = record
        .service
        .ok_or_else(|| Failure::new(Kind::Bug, "the server that is up has no address"))?;
    if context.printer.json() {
        // Without the password: stdout may be kept in a log.
        return context.printer.json_data(&json!({
            "id": record.id,
            "pid": record.owner.pid,
            "project": record.project.to_string_lossy(),
            "kind": service.origin,
            "version": service.version,
            "port": service.port,
            "already": up.already,
        }));
    }
    let verb = if up.already { "is already up" } else { "is up" };
    context.printer.say(&format!(
        "seedbed: PostgreSQL {} {verb} on 127.0.0.1:{} for {}; `seedbed down` ends it",
        service.version,
        service.port,
        record.project.display(),
    ));
    Ok(())
}

/// The words that start this program as a service.
pub(super) fn words(directory: &Path, args: &UpArgs, launch: &Launch) -> Vec<OsString> {
    let mut words = vec![OsString::from("serve"), "--json".into(), "--directory".into()];
    words.push(directory.into());
    words.extend(args.launching(launch).arguments());
    if launch.on_demand {
        words.push("--on-demand".into());
    }
    words
}

/// Is the server until told to end. Its events go to `up`, as JSON lines.
pub(super) fn serve(context: &mut Context, args: &ServeArgs) -> Result<()> {
    let config = context.config(args.up.flags())?;
    seedbed_engine::serve(&context.world()?, &config, args.on_demand)
}
