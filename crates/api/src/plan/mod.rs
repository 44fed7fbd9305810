//! Plans as plain data: what a factory call compiles to, what a client needs to
//! run one on its own connection, and what it says when that fails. The page
//! `docs/plan.md` has the interpreter in pseudo-code; `docs/reference/plan.schema.json`
//! is generated from these types.

mod call;
mod facts;
mod outcome;
mod request;
mod schema;
mod step;
mod trouble;
mod values;

pub use call::{Argument, Call, Policy};
pub use facts::{
    ColumnFacts, IdentitySort, KeyFacts, ReferenceFacts, SchemaFacts, TableFacts, TableSort,
};
pub use outcome::{KeptValues, Made, Outcome};
pub use request::{MakeRequest, PlanRequest, Planned, RunTrouble, RunValues};
pub use schema::schema;
pub use step::{Binding, Column, Number, Parameter, Plan, Rows, Step, Target, VERSION};
pub use trouble::{Diagnosis, Reason, Trouble};
pub use values::{Values, ValuesRequest};
