//! The door of the lease service: the engine offers the services, `httpd` lets
//! clients in, and this program brings the two together.

use std::path::Path;

use seedbed_api::Result;
use seedbed_engine::{Door, Services};
use tokio::sync::oneshot;

/// Binds the socket and a port on loopback.
pub(crate) fn open(socket: &Path) -> Result<Door> {
    let token = seedbed_httpd::fresh_token()?;
    let door = seedbed_httpd::Door::open(Some(socket), token.clone())?;
    Ok(Door {
        token,
        address: door.address().to_string(),
        serve: Box::new(|services: Services, stop: oneshot::Receiver<()>| {
            Box::pin(async move {
                // The sender is dropped to say that it is over.
                door.serve(services, async { drop(stop.await) }).await
            })
        }),
    })
}
