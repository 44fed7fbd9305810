//! The way into the lease service from outside. Surfaces lie above this
//! crate, so the program hands one in.

use std::path::Path;
use std::pin::Pin;

use seedbed_api::{Result, Secret};
use tokio::sync::oneshot;

use crate::factories::Services;

/// Opens a door: binds the unix socket at the path, and a port on loopback,
/// under a fresh token.
/// Called inside the runtime that will serve.
pub type OpenDoor = fn(socket: &Path) -> Result<Door>;

/// Serves until it is told to stop.
pub type Serve = Box<
    dyn FnOnce(Services, oneshot::Receiver<()>) -> Pin<Box<dyn Future<Output = Result<()>> + Send>>
        + Send,
>;

/// An open door.
pub struct Door {
    /// Where it is on loopback, such as `http://127.0.0.1:4711`.
    pub address: String,
    /// What opens it.
    pub token: Secret,
    /// Lets clients in.
    pub serve: Serve,
}
