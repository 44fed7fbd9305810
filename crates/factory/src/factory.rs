//! The factory of one database: its schema, the settings that values depend on,
//! and the calls that were compiled already.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_api::plan::{Argument, Call, Diagnosis, Made, Plan, Trouble, ValuesRequest};
use seedbed_api::{Failure, Kind, Result};
use seedbed_model::Settings;
use seedbed_schema::Schema;

use crate::explanation::Explanation;
use crate::machine::ValuesMachine;

/// A call that is ready to be run.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The plan of the call's shape.
    pub plan: Arc<Plan>,
    /// The call's arguments by name, a child's as `posts.title`.
    pub arguments: BTreeMap<String, Argument>,
    /// How many rows were asked for.
    pub count: u32,
}

/// Compiles calls against one schema.
#[derive(Debug)]
pub struct Factory {
    schema: Arc<Schema>,
    settings: Settings,
}

impl Factory {
    /// A factory for a database that looks like `schema`.
    #[must_use]
    pub fn new(schema: Arc<Schema>, settings: Settings) -> Self {
        Self { schema, settings }
    }

    /// The schema it compiles against.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// What a call compiles to.
    ///
    /// # Errors
    /// `Config` for what the caller can mend: an unknown table or column, keys
    /// among which nothing chooses, a value that cannot be given.
    pub fn compile(&self, _call: &Call) -> Result<Compiled> {
        Err(unfinished())
    }

    /// Makes the generated values of a run.
    ///
    /// # Errors
    /// `Config` for a shape that is not known (any more): compile again.
    pub fn values(&self, _request: &ValuesRequest) -> Result<ValuesMachine> {
        Err(unfinished())
    }

    /// Rows as they would be made, without a database: columns the database
    /// fills and references to parents are NULL.
    ///
    /// # Errors
    /// See [`Factory::compile`]; `Config` where only a server can judge.
    pub fn build(&self, _call: &Call) -> Result<Vec<Made>> {
        Err(unfinished())
    }

    /// What a plan's trouble means.
    ///
    /// # Errors
    /// `Config` for a shape that is not known (any more).
    pub fn diagnose(&self, _trouble: &Trouble) -> Result<Diagnosis> {
        Err(unfinished())
    }

    /// How a call is understood.
    ///
    /// # Errors
    /// See [`Factory::compile`].
    pub fn explain(&self, _call: &Call) -> Result<Explanation> {
        Err(unfinished())
    }
}

fn unfinished() -> Failure {
    Failure::new(Kind::Bug, format!("{} is not built yet", std::any::type_name::<Factory>()))
}
