//! Factories: rows by name of a table, for `seedbed make` and `explain`, and
//! for clients of the lease service.
//!
//! Reading order: which database is meant → whether it may be written → what
//! it looks like → the jobs → the same for clients.

mod build;
mod catalog;
mod consent;
mod database;
mod explain;
mod facts;
mod make;
mod of_up;
mod opening;
mod safety;
mod schema_files;
mod service;
mod stub;
mod telling;

pub use build::build;
pub use database::MakeSource;
pub use explain::explain;
pub use make::{MadeRows, MakeRequest, make};
pub use service::{Factories, Requests, Services};
pub use stub::python_stub;
pub use telling::is_secret;
