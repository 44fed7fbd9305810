//! `seedbed dump`.

use std::ffi::OsString;

use seedbed_api::Result;
use seedbed_engine::config::Flags;
use seedbed_engine::{DumpSink, DumpSource};

use super::Context;
use crate::args::DumpArgs;

/// Dumps a database; where none is at hand, runs itself with one.
pub(super) fn dump(context: &mut Context, args: &DumpArgs) -> Result<u8> {
    let source = match (&args.url, &args.lease) {
        (Some(url), _) => DumpSource::Url(url),
        (None, Some(lease)) => DumpSource::Lease(lease),
        (None, None) => DumpSource::Around,
    };
    let config = context.config_in_silence(Flags::default())?;
    let world = context.world()?;
    if let Some(target) = seedbed_engine::dump_target(&world, &config, source)? {
        let mut stdout = context.printer.sink();
        let sink = match &args.output {
            // Relative to where the wrapped commands run.
            Some(path) => DumpSink::File(world.directory.join(path)),
            None => DumpSink::Stream(&mut stdout),
        };
        seedbed_engine::dump(&world, &config, &target, &args.arguments, sink)?;
        return Ok(0);
    }
    drop(world);
    let config = context.config(Flags::default())?;
    context.speak_of_recipe(&config);
    let code = seedbed_engine::run_plain(&context.world()?, config, &again(context, args))?;
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}

/// This command once more, for a place where a database is at hand.
fn again(context: &Context, args: &DumpArgs) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    for (wanted, flag) in [(context.printer.quiet(), "--quiet"), (context.printer.json(), "--json")]
    {
        words.extend(wanted.then(|| flag.into()));
    }
    words.push("dump".into());
    if let Some(path) = &args.output {
        words.extend(["--output".into(), path.into()]);
    }
    words.push("--".into());
    words.extend(args.arguments.iter().cloned());
    words
}
