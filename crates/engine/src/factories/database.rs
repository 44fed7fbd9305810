//! Which database a factory works on. Four places are looked at, in this
//! order: the URL that was given, the run or lease around us, the server that
//! `seedbed up` keeps, and `DATABASE_URL`.

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::Target;

use super::of_up;
use crate::config::Config;
use crate::world::World;

/// Which database is meant.
#[derive(Clone, Copy, Debug)]
pub enum MakeSource<'a> {
    /// The one at this URL.
    Url(&'a str),
    /// The nearest one: see the order above.
    Around,
}

/// A database and how it came to be the one.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pub(super) target: Target,
    /// Where it was found, for messages: `--url`, `SEEDBED_URL`, …
    pub(super) origin: &'static str,
}

impl Database {
    fn parse(url: &str, origin: &'static str) -> Result<Self> {
        let target = Target::parse(url).map_err(|failure| {
            let hints = failure.hints().to_vec();
            let told = Failure::new(Kind::Config, format!("{origin} names no database"));
            hints.into_iter().fold(told.because(failure), Failure::hint)
        })?;
        Ok(Self { target, origin })
    }
}

/// Finds the database.
///
/// # Errors
/// `Config` for a URL that cannot be read; `NoServer` where no place names a
/// database; what keeps the database of `up` from being made.
pub(super) fn find(world: &World<'_>, config: &Config, source: MakeSource<'_>) -> Result<Database> {
    let variable = |name: &'static str| -> Option<String> {
        std::env::var(name).ok().filter(|text| !text.is_empty())
    };
    if let MakeSource::Url(url) = source {
        return Database::parse(url, "--url");
    }
    if let Some(url) = variable("SEEDBED_URL") {
        return Database::parse(&url, "SEEDBED_URL");
    }
    if let Some(target) = of_up::database(world, config)? {
        return Ok(Database { target, origin: "seedbed up" });
    }
    match variable("DATABASE_URL") {
        Some(url) => Database::parse(&url, "DATABASE_URL"),
        None => Err(none()),
    }
}

fn none() -> Failure {
    Failure::new(Kind::NoServer, "there is no database to work on")
        .detail(
            "Looked at, in this order: --url; SEEDBED_URL, which `seedbed run` and `seedbed lease` \
             set; the server of `seedbed up`; DATABASE_URL.",
        )
        .hint("seedbed up")
        .hint("seedbed run -- sh -c 'seedbed make TABLE && …'")
        .hint("seedbed make TABLE --url postgres://…")
}
