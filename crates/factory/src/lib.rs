//! Factory calls: which key, which statements, which values; and the
//! interpreter of the plans they compile to. No input or output happens here.

mod explanation;
mod factory;
mod machine;
mod run;

pub use explanation::{Explanation, Lost, Origin};
pub use factory::{Compiled, Factory};
pub use machine::{Answer, Need, Question, ValuesMachine};
pub use run::{Action, Manner, Refusal, Row, Run};
