//! `seedbed lease`, `mark`, `rewind`, `release` and `keep`.

use seedbed_api::lease::{Acquire, HolderKind, Keep, Kept, MarkRequest, Rewind, Rewound};
use seedbed_api::{Event, Failure, Kind, Listener as _, Result};
use seedbed_engine::Held;
use seedbed_engine::config::Flags;
use serde_json::json;

use super::Context;
use super::lease_service::{self, Service};
use crate::args::{KeepArgs, LeaseArgs, MarkArgs, ReleaseArgs, RewindArgs, WhichLease};

/// Runs a command on a lease; its exit code becomes ours.
pub(super) fn lease(context: &Context, args: &LeaseArgs) -> Result<u8> {
    let config = context.config_in_silence(Flags::default())?;
    let world = context.world()?;
    let service = Service::find(context)?;
    if Service::around_us()?.is_none() {
        seedbed_engine::warn_if_outdated(&world, &config);
    }
    seedbed_engine::check_command(&world, &args.command)?;
    let runtime = lease_service::runtime()?;
    let request = Acquire {
        slot: args.slot.clone(),
        worker: args.worker.clone(),
        test: args.test.clone(),
        lane: args.lane,
        holder: HolderKind::Connection,
        wait_ms: Some(args.wait.saturating_mul(1000)),
        ..Acquire::default()
    };
    let (mut client, lease) = runtime.block_on(async {
        let mut client = service.connect().await?;
        let lease = client.acquire(&request).await?;
        Ok::<_, Failure>((client, lease))
    })?;
    let held = Held { lease: &lease, api: service.api() };
    let code = seedbed_engine::run_leased(&world, &config, &args.command, &held);
    if args.keep_failed && matches!(code, Ok(code) if code != 0) {
        let request = Keep { test: args.test.clone() };
        match runtime.block_on(client.keep(&lease.lease, &request)) {
            Ok(kept) => tell_kept(context, kept, args.test.as_ref()),
            Err(failure) => {
                context.printer.warning(&format!("cannot keep it: {}", failure.chain()), None);
            }
        }
    }
    // The end of the connection would do as well; this waits for the reset,
    // and hears of it. A lease may have been released inside.
    let released = runtime.block_on(client.release(&lease.lease));
    if let Err(failure) = released
        && failure.code() != Some(seedbed_api::lease::ProblemCode::LeaseEnded)
    {
        context.printer.warning(&failure.chain(), None);
    }
    Ok(u8::try_from(code?).unwrap_or(u8::MAX))
}

/// Where a database is that was kept because its command failed. stdout was
/// the command's.
fn tell_kept(context: &Context, kept: Kept, test: Option<&String>) {
    if context.printer.json() {
        context.reporter.on(&Event::Kept { name: kept.name, test: test.cloned() });
        return;
    }
    let Kept { name, url } = kept;
    context.printer.talk(&format!("seedbed: kept {name}: {url}"));
    context.printer.say(&format!("seedbed: later: seedbed kept open {name}"));
}

pub(super) fn mark(context: &Context, args: &MarkArgs) -> Result<()> {
    let lease = named(&args.lease)?;
    let request = MarkRequest { test: args.test.clone() };
    let set = lease_service::call(context, async |client| client.mark(&lease, &request).await)?;
    if context.printer.json() {
        return context.printer.json_data(&json!(set));
    }
    if !set.redoable {
        context.printer.notice("this mark is lost if the database must be replaced");
    }
    context.printer.data(&format!("{}\n", set.mark)).map(drop)
}

pub(super) fn rewind(context: &Context, args: &RewindArgs) -> Result<()> {
    let lease = named(&args.lease)?;
    let request = Rewind { mark: args.mark.clone(), test: args.test.clone(), keep: args.keep };
    let rewound =
        lease_service::call(context, async |client| client.rewind(&lease, &request).await)?;
    if context.printer.json() {
        return context.printer.json_data(&json!(rewound));
    }
    tell(context, &rewound);
    match rewound.kept {
        Some(kept) => context.printer.data(&format!("{}\n", kept.url)).map(drop),
        None => Ok(()),
    }
}

pub(super) fn release(context: &Context, args: &ReleaseArgs) -> Result<()> {
    let lease = named(&args.lease)?;
    let released = lease_service::call(context, async |client| client.release(&lease).await)?;
    if context.printer.json() {
        return context.printer.json_data(&json!(released));
    }
    context.printer.say(&format!("seedbed: {} is free", released.slot));
    Ok(())
}

pub(super) fn keep(context: &Context, args: &KeepArgs) -> Result<()> {
    let lease = named(&args.lease)?;
    let request = Keep { test: args.test.clone() };
    let kept = lease_service::call(context, async |client| client.keep(&lease, &request).await)?;
    if context.printer.json() {
        return context.printer.json_data(&json!(kept));
    }
    context.printer.say(&format!("seedbed: kept as {}", kept.name));
    context.printer.data(&format!("{}\n", kept.url)).map(drop)
}

/// What happened, for a person.
fn tell(context: &Context, rewound: &Rewound) {
    let printer = context.printer;
    if rewound.replaced {
        let why = rewound.why.as_deref().unwrap_or("it could not be rewound");
        printer.say(&format!("seedbed: the database was replaced: {why}"));
    } else {
        let (rows, tables) = (rewound.rows, rewound.tables);
        printer.say(&format!("seedbed: undid {rows} rows in {tables} tables"));
    }
    if rewound.marks_lost {
        let mark = &rewound.mark;
        printer.warning(&format!("the mark is lost, the database is at {mark}"), None);
    }
    if rewound.committed {
        printer.warning("the test committed although it is on the rollback lane", None);
    }
    for session in &rewound.ended {
        let (pid, application, holds) = (session.pid, &session.application, &session.holds);
        printer.warning(&format!("ended session {pid} (`{application}`): it held {holds}"), None);
    }
}

/// The lease that is meant.
fn named(which: &WhichLease) -> Result<String> {
    if let Some(lease) = which.lease.as_ref().filter(|lease| !lease.is_empty()) {
        // A path names a slot by its number.
        return Ok(lease.strip_prefix("run/").unwrap_or(lease).to_owned());
    }
    // With one slot there is no question which.
    if std::env::var("SEEDBED_SLOTS").is_ok_and(|slots| slots == "1") {
        return Ok("1".to_owned());
    }
    Err(Failure::new(Kind::Config, "no lease is named")
        .hint("seedbed lease -- COMMAND   # inside, SEEDBED_LEASE names it")
        .hint("--lease run/1"))
}
