//! Lets the server judge candidate rows, before any is inserted. The texts of
//! the catalogue are used unchanged over a subselect that has the table's name,
//! column names and types.

mod answer;
mod columns;
mod question;
mod subselect;

pub use answer::{Passed, choose, passed};
pub use columns::mentioned;
pub use question::{Candidate, Question, candidates, compared, evaluate};
