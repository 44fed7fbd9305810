//! Generated values as a machine without input or output: it asks for what only
//! the server knows, and is done when every row has its values.

use seedbed_api::Result;
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

/// Makes the values of one run.
#[derive(Debug)]
pub struct ValuesMachine {}

impl ValuesMachine {
    /// Goes on; `answer` is that to the last question, absent at the start.
    ///
    /// # Errors
    /// `Config` where no row meets the conditions, naming the condition.
    pub fn step(&mut self, _answer: Option<Answer>) -> Result<Need> {
        Ok(Need::Done(Values::default()))
    }
}
