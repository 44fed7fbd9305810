//! A client: a session, the factory of its database, and calls, each from the
//! call as a client states it to the rows in its hands.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use seedbed_api::plan::{Argument, Call, Made, Outcome};
use seedbed_db::{FactoryValues, Ran, Runner, Session, Target};
use seedbed_factory::{Factory, Manner};
use seedbed_model::Settings;
use seedbed_values::Locale;
use tokio::runtime::Runtime;

use super::schema::Size;

/// How long connecting may take.
const BOUND: Duration = Duration::from_secs(60);

/// What calls ask for; other bindings are parents that rows need.
const ASKED: [&str; 3] = ["users", "posts", "comments"];

/// A client on one database.
pub(crate) struct Maker {
    runtime: Rc<Runtime>,
    factory: Factory,
    runner: Runner<Session>,
}

/// The settings that a project without any has.
pub(crate) fn settings() -> Settings {
    Settings { seed: "bench".to_owned(), locale: Locale::EnUs }
}

/// A user with this address.
pub(crate) fn user(email: &str) -> Call {
    let email = Argument::Same(Some(email.to_owned()));
    Call {
        table: "users".to_owned(),
        set: BTreeMap::from([("email".to_owned(), email)]),
        ..Call::default()
    }
}

/// Users with their posts and comments; `fresh` ones whatever is there.
pub(crate) fn users(size: Size, fresh: bool) -> Call {
    let part = |table: &str, count, with| Call {
        table: table.to_owned(),
        count: Some(count),
        fresh,
        with,
        ..Call::default()
    };
    let comments = part("comments", size.comments, Vec::new());
    part("users", size.users, vec![part("posts", size.posts, vec![comments])])
}

impl Maker {
    /// Connects and reads the schema.
    pub(crate) fn on(runtime: &Rc<Runtime>, target: &Target) -> Result<Self> {
        let (session, schema) = runtime.block_on(async {
            let session = Session::connect(target, "bench", BOUND).await?;
            let schema = session.schema().await?;
            anyhow::Ok((session, schema))
        })?;
        let factory = Factory::new(Arc::new(schema), settings());
        Ok(Self { runtime: Rc::clone(runtime), factory, runner: Runner::owning(session) })
    }

    /// The session that calls run on, and what drives it.
    pub(crate) fn parts(&self) -> (&Runtime, &Session) {
        (&self.runtime, self.runner.session())
    }

    /// Runs statements.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.runtime.block_on(self.runner.session().batch(sql))?)
    }

    /// One value.
    pub(crate) fn value(&self, sql: &str) -> Result<String> {
        Ok(self.runtime.block_on(self.runner.session().value(sql))?.unwrap_or_default())
    }

    /// Makes the rows of a call; how long that took. What was asked for, and
    /// not only its parents, must have come out as `outcome`.
    pub(crate) fn time(&self, call: &Call, manner: Manner, outcome: Outcome) -> Result<Duration> {
        let began = Instant::now();
        let made = self.runtime.block_on(self.make(call, manner))?;
        let took = began.elapsed();
        let asked = made.iter().filter(|made| ASKED.contains(&made.binding.as_str()));
        let mut count = 0;
        for made in asked {
            let other = made.outcomes.iter().find(|one| **one != outcome);
            ensure!(other.is_none(), "{}: {other:?} and not {outcome:?}", made.binding);
            count += made.outcomes.len();
        }
        ensure!(count > 0, "{} has no outcome", call.table);
        Ok(took)
    }

    async fn make(&self, call: &Call, manner: Manner) -> Result<Vec<Made>> {
        let compiled = self.factory.compile(call)?;
        let mut values = FactoryValues::new(&self.factory, &self.runner);
        match self.runner.run(compiled, manner, &mut values).await? {
            Ran::Done(made) => Ok(made),
            Ran::Trouble(trouble) => {
                let diagnosis = self.factory.diagnose(&trouble)?;
                let said = trouble.message.unwrap_or_default();
                bail!("{} (step {}: {said})", diagnosis.message, trouble.step)
            }
        }
    }
}
