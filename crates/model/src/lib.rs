//! From a schema to values: what every column holds, which conditions bind it,
//! and the rows that meet them. No connection, no clock, no chance: the same
//! schema, settings and identity make the same row on every machine.
//!
//! Conditions come in tiers. What `check` understands narrows what is drawn;
//! what it does not understand is `judged`: [`judge`] writes the SQL that lets
//! the server choose among candidates. Nothing is guessed silently.

mod check;
mod classify;
mod column;
mod condition;
mod decimal;
mod fill;
mod guises;
pub mod judge;
mod moment;
mod need;
mod pattern;
mod predicate;
mod recipe;
mod row;
mod settings;
mod solve;
mod table_model;

pub use condition::is_total;
pub use fill::{ColumnModel, Fill};
pub use guises::Group;
pub use recipe::Recipe;
pub use row::{Exhausted, Identity, RowRequest};
pub use settings::Settings;
pub use table_model::{TableModel, table_model};
