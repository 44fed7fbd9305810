//! `seedbed types`.

use std::fs;
use std::path::Path;

use seedbed_api::{Context as _, Failure, Kind, Result};
use seedbed_engine::config::Flags;
use serde_json::json;

use super::Context;
use crate::args::{PythonTypesArgs, TypesArgs, TypesCommand};

/// A check that finds the file stale ends with this code, as a check of
/// formatters does.
const STALE: u8 = 1;

pub(super) fn types(context: &Context, args: &TypesArgs) -> Result<u8> {
    match &args.command {
        TypesCommand::Python(args) => python(context, args),
    }
}

fn python(context: &Context, args: &PythonTypesArgs) -> Result<u8> {
    let config = context.config_in_silence(Flags::default())?;
    let text = seedbed_engine::python_stub(&context.world()?, &config, args.source())?;
    let Some(path) = args.file(&context.directory()?) else {
        if args.check {
            return Err(Failure::new(Kind::Config, "stdout cannot be checked")
                .hint("seedbed types python --check --out seedbed_types.pyi"));
        }
        return context.printer.data(&text).map(|_| 0);
    };
    let current = before(&path)?.as_deref() == Some(text.as_bytes());
    let name = args.out.display();
    if args.check {
        tell(context, &path, current, false)?;
        if current {
            return Ok(0);
        }
        context.printer.warning(
            &format!("{name} is not what the schema says now"),
            Some(&format!(
                "seedbed types python --out - | diff {name} -   # without --out it is written"
            )),
        );
        return Ok(STALE);
    }
    if !current {
        fs::write(&path, &text).context(Kind::Environment, || format!("cannot write {name}"))?;
    }
    tell(context, &path, true, !current)?;
    if !context.printer.json() {
        let done = if current { "is as the schema is" } else { "is written" };
        context.printer.say(&format!("seedbed: {name} {done}"));
    }
    Ok(0)
}

/// What the file holds; `None` if it is not there.
fn before(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(Failure::new(Kind::Environment, format!("cannot read {}", path.display()))
                .because(error))
        }
    }
}

/// For programs.
fn tell(context: &Context, path: &Path, current: bool, written: bool) -> Result<()> {
    if !context.printer.json() {
        return Ok(());
    }
    let file = path.to_string_lossy();
    context.printer.json_data(&json!({ "file": file, "current": current, "written": written }))
}
