//! Factory calls: which key, which statements, which values; and the
//! interpreter of the plans they compile to. No input or output happens here.

mod alike;
mod build;
mod compile;
mod computed;
mod constants;
mod constraint;
mod diagnose;
mod exhausted;
mod explain;
mod explanation;
mod factory;
mod graph;
mod key;
mod line;
mod machine;
mod misfit;
mod natural;
mod obstacle;
mod outrun;
mod predicates;
mod python;
mod raised;
mod run;
mod said;
mod shape;
mod sql;
mod target;
mod twins;
mod waiting;
mod wanted;

pub use explanation::{Explanation, Lost, Origin};
pub use factory::{Compiled, Factory};
pub use machine::{Answer, Need, Question, ValuesMachine};
pub use python::stub as python_stub;
pub use run::{Action, Manner, Refusal, Row, Run};
