//! Generated values as a machine without input or output: it asks for what only
//! the server knows, and is done when every row has its values.

mod distinct;
mod domain;
mod fresh;
mod identity;
mod judging;
mod need;
mod scout;
mod share;
mod sieve;
mod values;

pub(crate) use identity::Rows;
pub use need::{Answer, Need, Question};
pub use values::ValuesMachine;
pub(crate) use values::{values_of, wanted};
