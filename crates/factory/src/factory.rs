//! The factory of one database: its schema, the settings that values depend on,
//! and the calls that were compiled already.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_api::plan::{Argument, Call, Diagnosis, Made, Plan, Trouble, ValuesRequest};
use seedbed_api::{Failure, Kind, Result};
use seedbed_model::Settings;
use seedbed_schema::Schema;

use crate::alike::{alike, one_of_a_key};
use crate::build::build;
use crate::compile::plan;
use crate::diagnose::{diagnose, step_node};
use crate::explain::explain;
use crate::explanation::Explanation;
use crate::graph::grow;
use crate::machine::ValuesMachine;
use crate::outrun::is_outrun;
use crate::predicates::Predicates;
use crate::shape::{Entry, Forms, Read, Shapes, form, ground, name};
use crate::wanted::{Wanted, arguments, wanted};

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
    ground: Vec<u8>,
    predicates: Predicates,
    shapes: Shapes,
    forms: Forms,
}

impl Factory {
    /// A factory for a database that looks like `schema`.
    #[must_use]
    pub fn new(schema: Arc<Schema>, settings: Settings) -> Self {
        let ground = ground(&schema, &settings);
        Self {
            schema,
            settings,
            ground,
            predicates: Predicates::default(),
            shapes: Shapes::default(),
            forms: Forms::default(),
        }
    }

    /// The schema it compiles against.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// What a call compiles to. The plan is kept by the call's shape.
    ///
    /// # Errors
    /// `Config` for what the caller can mend: an unknown table or column, keys
    /// among which nothing chooses, a value that cannot be given.
    pub fn compile(&self, call: &Call) -> Result<Compiled> {
        let call = &*call.counted();
        let (entry, arguments) = self.entry(call)?;
        let count = call.count.unwrap_or(1);
        one_of_a_key(&entry.graph, count)?;
        alike(&entry.schema, &entry.graph, &arguments, count)?;
        Ok(Compiled { plan: Arc::clone(&entry.plan), arguments, count })
    }

    /// Makes the generated values of a run.
    ///
    /// # Errors
    /// `Config` for a shape that is not known (any more): compile again; and for
    /// more rows than one call may make.
    pub fn values(&self, request: &ValuesRequest) -> Result<ValuesMachine> {
        ValuesMachine::new(self.shape(&request.shape)?, request.clone())
    }

    /// Rows as they would be made, without a database: columns the database
    /// fills and references to parents are NULL.
    ///
    /// # Errors
    /// See [`Factory::compile`]; `Config` where only a server can judge.
    pub fn build(&self, call: &Call) -> Result<Vec<Made>> {
        let call = &*call.counted();
        let (entry, arguments) = self.entry(call)?;
        one_of_a_key(&entry.graph, call.count.unwrap_or(1))?;
        let request = ValuesRequest {
            shape: entry.plan.shape.clone(),
            arguments,
            count: call.count.unwrap_or(1),
            ..ValuesRequest::default()
        };
        build(&entry, &request)
    }

    /// What a plan's trouble means.
    ///
    /// # Errors
    /// `Config` for a shape that is not known (any more).
    pub fn diagnose(&self, trouble: &Trouble) -> Result<Diagnosis> {
        Ok(diagnose(&*self.shape(&trouble.run.shape)?, trouble))
    }

    /// Whether a plan stopped because another session made the same fresh rows
    /// at the same time: run again it takes the next free ones.
    ///
    /// # Errors
    /// `Config` for a shape that is not known (any more).
    pub fn was_outrun(&self, trouble: &Trouble) -> Result<bool> {
        let entry = self.shape(&trouble.run.shape)?;
        Ok(is_outrun(step_node(&entry, trouble), trouble))
    }

    /// How a call is understood.
    ///
    /// # Errors
    /// See [`Factory::compile`].
    pub fn explain(&self, call: &Call) -> Result<Explanation> {
        Ok(explain(&self.entry(&call.counted())?.0))
    }

    fn entry(&self, call: &Call) -> Result<(Arc<Entry>, BTreeMap<String, Argument>)> {
        let form = form(call);
        // A shape that is not kept any more is unknown when its values are asked for.
        if let Some(read) = self.forms.get(form.as_slice())
            && self.shapes.get(read.entry.plan.shape.as_str()).is_some()
        {
            return Ok((Arc::clone(&read.entry), arguments(call, &read.bindings)));
        }
        let wanted = wanted(&self.schema, &self.settings, &self.predicates, call)?;
        let entry = self.shaped(call, &wanted)?;
        let bindings = wanted.bindings();
        let arguments = arguments(call, &bindings);
        if !wanted.depends_on_values(&self.schema) {
            let bytes = form.len();
            self.forms.put(form, Arc::new(Read { entry: Arc::clone(&entry), bindings }), bytes);
        }
        Ok((entry, arguments))
    }

    fn shaped(&self, call: &Call, wanted: &Wanted) -> Result<Arc<Entry>> {
        let shape = name(&self.ground, call, &wanted.outside());
        if let Some(entry) = self.shapes.get(&shape) {
            return Ok(entry);
        }
        let graph = grow(&self.schema, &self.settings, wanted)?;
        let plan = Arc::new(plan(&self.schema, &graph, shape.clone())?);
        let entry = Arc::new(Entry { schema: Arc::clone(&self.schema), graph, plan });
        let bytes = entry.bytes();
        self.shapes.put(shape, Arc::clone(&entry), bytes);
        Ok(entry)
    }

    fn shape(&self, name: &str) -> Result<Arc<Entry>> {
        self.shapes.get(name).ok_or_else(|| {
            Failure::new(Kind::Config, format!("the shape {name} is not known (any more)")).hint(
                "compile the call again: the schema or the service changed, or it was long ago",
            )
        })
    }
}
