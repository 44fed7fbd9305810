//! `seedbed dump`: what `pg_dump` would write of a leased database had Seedbed
//! never been in it.
//!
//! *Invariant*: `pg_dump`'s output passes through as it comes; no more of it
//! is held than its longest statement.

use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use seedbed_api::{Context, Failure, Kind, Result};
use seedbed_db::Target;
use seedbed_recipe::Stripper;
use seedbed_server::ClaimKind;

use crate::config::Config;
use crate::dump_file::DumpFile;
use crate::world::World;
use crate::{child_environment, pg_dump, runtime, shared};

/// Read from `pg_dump` at once.
const PART_BYTES: usize = 128 << 10;

/// Options of `pg_dump` that Seedbed decides, each with what to do instead.
const TAKEN: [(&str, &str, &str); 6] = [
    ("-F", "--format", "only plain SQL can be read on its way; drop it"),
    ("-Z", "--compress", "seedbed dump | gzip > dump.sql.gz"),
    ("-f", "--file", "seedbed dump -o FILE"),
    ("-d", "--dbname", "seedbed dump --url URL"),
    ("-j", "--jobs", "only plain SQL can be read on its way; drop it"),
    ("-C", "--create", "the database's name is Seedbed's; drop it"),
];

/// Which database to dump.
#[derive(Clone, Copy, Debug)]
pub enum DumpSource<'a> {
    /// The one at this URL.
    Url(&'a str),
    /// The one of this lease or slot.
    Lease(&'a str),
    /// The one that the environment of a run or a lease names.
    Around,
}

/// Where to write.
pub enum DumpSink<'a> {
    /// A file, replaced when the dump is whole.
    File(PathBuf),
    /// Anything else.
    Stream(&'a mut dyn Write),
}

/// The database that is meant; `None` if nothing around us names one.
///
/// # Errors
/// `Config` for a URL or lease that cannot be read; `NoServer` where nothing
/// leases databases.
pub fn dump_target(
    world: &World<'_>,
    config: &Config,
    source: DumpSource<'_>,
) -> Result<Option<Target>> {
    let url = |name: &str| -> Result<Option<Target>> {
        let text = std::env::var(name).ok().filter(|text| !text.is_empty());
        text.map(|text| Target::parse(&text)).transpose()
    };
    // Whoever owns our schemas sees what is in them.
    let as_owner = |target: Target| -> Result<Target> {
        let admin = url("SEEDBED_ADMIN_URL")?;
        Ok(match admin {
            Some(admin) => admin.with_database(&target.database),
            None => target,
        })
    };
    let lease = match source {
        DumpSource::Url(text) => return Target::parse(text).map(Some),
        // Not DATABASE_URL: that may be anybody's.
        DumpSource::Around => return url("SEEDBED_URL")?.map(as_owner).transpose(),
        DumpSource::Lease(lease) => lease,
    };
    let slot = seedbed_isolation::slot_number(lease)?;
    if let Some(target) = url(&format!("SEEDBED_URL_{slot}"))? {
        return as_owner(target).map(Some);
    }
    let up = seedbed_server::living(&world.folders)
        .into_iter()
        .filter(|record| record.kind == ClaimKind::Up && record.project == config.root)
        .find_map(|record| Some((record.id, record.service?)));
    let (run, service) = up.ok_or_else(|| {
        Failure::new(Kind::NoServer, format!("nothing here leases `{lease}`"))
            .hint("seedbed up")
            .hint("seedbed dump --url URL")
    })?;
    let database = seedbed_isolation::clone_name(&run, &slot.to_string())?;
    Ok(Some(shared::service_admin(&service).with_database(&database)))
}

/// Dumps a database. `arguments` are for `pg_dump`.
///
/// # Errors
/// `Config` for an argument that Seedbed decides; `NotFound` without a fitting
/// `pg_dump`; `Database` if it fails (it has said why by then);
/// `Environment` if the dump cannot be written.
pub fn dump(
    world: &World<'_>,
    config: &Config,
    target: &Target,
    arguments: &[OsString],
    sink: DumpSink<'_>,
) -> Result<()> {
    judge(arguments)?;
    let (program, traces) = runtime::new()?.block_on(async {
        let program = pg_dump::find(world, config, target).await?;
        Ok::<_, Failure>((program, seedbed_isolation::traces(target).await?))
    })?;
    let mut command = Command::new(&program);
    child_environment::connect(&mut command, target);
    command.args(arguments);
    for schema in &traces.schemas {
        command.arg(format!("--exclude-schema={schema}"));
    }
    // Last, so that they count: a parameter of the URL wins over an option.
    command.args(["--format=plain", "--file=-"]).arg(format!("--dbname={}", target.redacted()));
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context(Kind::NotExecutable, || format!("cannot run {}", program.display()))?;
    let stripper = Stripper::new(traces);
    match sink {
        DumpSink::Stream(stream) => pass_on(child, stripper, stream),
        DumpSink::File(path) => {
            let mut file = DumpFile::create(&path)?;
            pass_on(child, stripper, &mut file)?;
            file.commit()
        }
    }
}

/// Refuses what would make another thing than SQL, or write it elsewhere.
fn judge(arguments: &[OsString]) -> Result<()> {
    for argument in arguments {
        let text = argument.to_string_lossy();
        let is = |(short, long, _): &&(&str, &str, &str)| {
            let long = text.split('=').next() == Some(*long);
            long || (text.starts_with(short) && !text.starts_with("--"))
        };
        if let Some((_, long, instead)) = TAKEN.iter().find(is) {
            return Err(Failure::new(
                Kind::Config,
                format!("`{text}` cannot be passed on to pg_dump: Seedbed decides {long}"),
            )
            .hint(*instead));
        }
    }
    Ok(())
}

/// Strips what the child writes and passes it on, to its end.
fn pass_on(mut child: Child, mut stripper: Stripper, sink: &mut dyn Write) -> Result<()> {
    let passed = (|| {
        let mut stdout = child
            .stdout
            .take()
            .ok_or_else(|| Failure::new(Kind::Bug, "pg_dump has no standard output"))?;
        let (mut part, mut out) = (vec![0; PART_BYTES], Vec::new());
        loop {
            let length = match stdout.read(&mut part) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.context(Kind::Environment, || "cannot read from pg_dump".into())?,
            };
            if length == 0 {
                break;
            }
            stripper.feed(&part[..length], &mut out)?;
            if !write(sink, &out)? {
                return Ok(false);
            }
            out.clear();
        }
        Ok(true)
    })();
    if !matches!(passed, Ok(true)) {
        // Nobody reads it any more.
        let _ = child.kill();
    }
    let status = child.wait().context(Kind::Bug, || "cannot wait for pg_dump".into())?;
    if !passed? {
        return Ok(());
    }
    if !status.success() {
        return Err(Failure::new(Kind::Database, format!("pg_dump ended with {status}")));
    }
    let mut out = Vec::new();
    stripper.finish(&mut out)?;
    write(sink, &out)?;
    sink.flush().or_else(forgive).context(Kind::Environment, || "cannot write the dump".into())
}

/// False when nobody reads it any more.
fn write(sink: &mut dyn Write, bytes: &[u8]) -> Result<bool> {
    match sink.write_all(bytes) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => {
            written.context(Kind::Environment, || "cannot write the dump".into())?;
            Ok(true)
        }
    }
}

fn forgive(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_would_bypass_us_are_refused() {
        for argument in ["-Fc", "-F", "--format=custom", "-fx.sql", "--file", "-dprod", "-C"] {
            let failure = judge(&[argument.into()]).unwrap_err();
            assert_eq!(failure.kind(), Kind::Config, "{argument}");
            assert_eq!(failure.hints().len(), 1, "{argument}");
        }
        for argument in ["-s", "--schema-only", "-n", "public", "--clean", "--compress-not"] {
            assert!(judge(&[argument.into()]).is_ok(), "{argument}");
        }
    }
}
