//! The asynchronous runtime: one thread, started only where a database
//! connection is needed.

use seedbed_api::{Context, Kind, Result};

pub(crate) fn new() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context(Kind::Environment, || "cannot start the asynchronous runtime".into())
}
