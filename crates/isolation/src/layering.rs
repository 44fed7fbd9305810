//! Running a recipe's layers on a database, one after the other.
//!
//! *Invariant*: every layer begins in a session as good as new, so that its
//! result is the same whether the layers before it ran in this process or came
//! from an image or a template.

use std::time::{Duration, Instant};

use seedbed_api::{Event, Phase, Result};
use seedbed_db::{Apply, Session, Target};
use seedbed_recipe::{Action, Layer, Script};

use crate::RunCommand;
use crate::lock::CONNECT_WAIT;

/// `application_name` of the session that runs a recipe.
const BUILDER: &str = "seedbed build";
/// Work worth keeping its result for; keeping it costs about a fifth of that.
const WORTH_KEEPING: Duration = Duration::from_millis(500);

/// Layers, and how they are run on one database.
#[derive(Clone, Copy)]
pub struct Layering<'a> {
    /// All layers of the recipe.
    pub layers: &'a [Layer],
    /// How scripts are applied; its listener hears the progress.
    pub apply: Apply<'a>,
    /// Runs the programs of command recipes.
    pub run_command: &'a dyn RunCommand,
    /// Where scripts run.
    pub target: &'a Target,
    /// Where programs connect: the same database, perhaps by another way.
    pub command_target: &'a Target,
}

/// Decides after which layers the state reached so far is worth keeping: each
/// time the work since the last one has cost half a second, and before the
/// last layer of a build that took that long, because the newest migration is
/// the one that is edited again and again.
#[derive(Debug)]
pub struct Keeping {
    began: Instant,
    since: Instant,
}

impl Keeping {
    /// Begins to count.
    #[must_use]
    pub fn new() -> Self {
        let now = Instant::now();
        Self { began: now, since: now }
    }

    /// Whether the state with `done` of `total` layers is worth keeping now.
    #[must_use]
    pub fn is_due(&self, done: usize, total: usize) -> bool {
        done < total
            && (self.since.elapsed() >= WORTH_KEEPING
                || (done + 1 == total && self.began.elapsed() >= WORTH_KEEPING))
    }

    /// The state was kept.
    pub fn kept(&mut self) {
        self.since = Instant::now();
    }
}

impl Default for Keeping {
    fn default() -> Self {
        Self::new()
    }
}

impl Layering<'_> {
    /// Runs the layers after the first `done` until all are in or `pause`,
    /// asked after each with the number that are, says so. No session is left
    /// on the database. `ran` is shown every script that ran.
    ///
    /// # Errors
    /// Those of [`Apply::run`] and [`RunCommand::run`]; the database is
    /// half-built then.
    pub async fn run(
        &self,
        done: usize,
        mut ran: impl FnMut(Script),
        pause: impl Fn(usize) -> bool,
    ) -> Result<usize> {
        let mut open: Option<Session> = None;
        let mut done = done;
        for layer in self.layers.iter().skip(done) {
            self.tell(done, layer, None);
            let began = Instant::now();
            match layer.action()? {
                Action::Script(script) => {
                    let session = fresh(open.take(), self.target).await?;
                    self.apply.run(&session, &script).await?;
                    if changes_defaults(&script) {
                        session.close().await;
                    } else {
                        open = Some(session);
                    }
                    ran(script);
                }
                Action::Command { argv } => {
                    close(open.take()).await;
                    self.run_command.run(&argv, self.command_target).await?;
                }
            }
            self.tell(done, layer, Some(began));
            done += 1;
            if pause(done) {
                break;
            }
        }
        close(open).await;
        Ok(done)
    }

    fn tell(&self, done: usize, layer: &Layer, began: Option<Instant>) {
        self.apply.listener.on(&Event::Progress {
            phase: Phase::Migrate,
            done: done as u64 + 1,
            total: self.layers.len() as u64,
            detail: layer.name.clone(),
            took_us: began
                .map(|began| u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)),
        });
    }
}

/// A session in the state every layer begins with.
async fn fresh(open: Option<Session>, target: &Target) -> Result<Session> {
    let session = match open {
        Some(session) => {
            session.reset().await?;
            session
        }
        None => Session::connect(target, BUILDER, CONNECT_WAIT).await?,
    };
    session.batch("SET synchronous_commit TO off").await?;
    Ok(session)
}

async fn close(open: Option<Session>) {
    if let Some(session) = open {
        session.close().await;
    }
}

/// Whether a script may change the settings a session begins with (`ALTER
/// DATABASE … SET`, `ALTER ROLE … SET`, also inside a body): a reset session
/// would still have the old ones, only a new one has the new.
fn changes_defaults(script: &Script) -> bool {
    script.statements.iter().any(|statement| {
        ["alter database", "alter role", "alter user"].iter().any(|words| {
            let mut windows = statement.text.as_bytes().windows(words.len());
            windows.any(|window| window.eq_ignore_ascii_case(words.as_bytes()))
        })
    })
}
