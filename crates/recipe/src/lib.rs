//! Recipes: migration folders, dumps and commands become ordered steps, each
//! with a fingerprint over its predecessor's. Pure: files are read by someone
//! else and handed in; nothing here waits, reads a clock or an environment.

mod bookkeeping;
mod diesel;
mod fingerprint;
mod folder;
mod foreign;
mod format;
mod layer;
mod literal;
mod number;
mod plain;
mod recipe;
mod script;
mod source;
mod split;
mod sqlx;
mod statement;
mod stripper;
mod traces;

pub use fingerprint::Fingerprint;
pub use format::Format;
pub use layer::{Action, Layer};
pub use recipe::Recipe;
pub use script::Script;
pub use source::SourceFile;
pub use split::split;
pub use statement::{CopyData, Statement, StatementKind};
pub use stripper::Stripper;
pub use traces::Traces;
