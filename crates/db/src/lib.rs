//! Connections to a database server: where it is ([`Target`]), a connection
//! to it ([`Session`]), what it complained about ([`Complaint`]), and running
//! a recipe's script on it ([`Apply`]). Runs on the caller's tokio runtime.

mod advice;
mod apply;
mod complaint;
mod excerpt;
mod extension;
mod introspect;
mod pipeline;
mod quote;
mod report;
mod role;
mod runner;
mod session;
mod tablespace;
mod target;
mod url;
mod wire;

pub use apply::{Apply, Globals};
pub use complaint::Complaint;
pub use pipeline::{Answer, Call, Prepared, Value};
pub use quote::{quote_ident, quote_literal};
pub use runner::{FactoryValues, Ran, Runner, ValueSource};
pub use session::Session;
pub use tablespace::TablespaceRoot;
pub use target::{Host, Target};

#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub use {
    introspect::fuzz::{CatalogText, read_catalog_text},
    wire::fuzz::read_reply,
};
