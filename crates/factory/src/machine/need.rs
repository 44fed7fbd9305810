//! What the machine and its driver say to each other.

use seedbed_api::plan::Values;

/// A statement with text parameters; every column of its answer is text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// With `$1`, `$2`, …
    pub sql: String,
    /// One text for each placeholder.
    pub parameters: Vec<Option<String>>,
}

/// What the server said: rows of text.
pub type Answer = Vec<Vec<Option<String>>>;

/// What the machine needs to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The answer to a question, in the transaction of the run.
    Query(Question),
    /// Nothing: these are the values.
    Done(Values),
}
