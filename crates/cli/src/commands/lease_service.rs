//! The way to a lease service: of the run around us, else of `seedbed up`.

use std::path::PathBuf;

use seedbed_api::{Context as _, Failure, Kind, Result, Secret};
use seedbed_engine::Api;
use seedbed_engine::config::Flags;
use seedbed_httpd::{Address, Client};

use super::Context;

/// Where a service is, and what opens it.
pub(super) struct Service(Api);

impl Service {
    /// The service this process should speak to.
    ///
    /// # Errors
    /// `NoServer` where none is known; `Config` where the environment names
    /// one that cannot be.
    pub(super) fn find(context: &Context) -> Result<Self> {
        if let Some(service) = Self::around_us()? {
            return Ok(service);
        }
        let config = context.config_in_silence(Flags::default())?;
        match seedbed_engine::lease_api(&context.world()?, &config) {
            Some(api) => Ok(Self(api)),
            None => Err(Failure::new(Kind::NoServer, "no lease service is known here")
                .hint("seedbed up")
                .hint("seedbed run --workers 4 -- COMMAND")),
        }
    }

    /// A service that was found otherwise.
    pub(super) fn at(api: Api) -> Self {
        Self(api)
    }

    /// The service the environment names.
    pub(super) fn around_us() -> Result<Option<Self>> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let Some(address) = variable("SEEDBED_API") else { return Ok(None) };
        Address::parse(&address)?;
        let token = variable("SEEDBED_TOKEN").ok_or_else(|| {
            Failure::new(Kind::Config, "SEEDBED_API is set, but SEEDBED_TOKEN is not")
                .hint("unset SEEDBED_API")
        })?;
        let socket = variable("SEEDBED_API_SOCKET").map(PathBuf::from).unwrap_or_default();
        Ok(Some(Self(Api { address, socket, token })))
    }

    /// Its addresses and token, for a command.
    pub(super) fn api(&self) -> &Api {
        &self.0
    }

    /// Connects, on the socket if it is there: on that one the service sees
    /// which process holds a lease.
    pub(super) async fn connect(&self) -> Result<Client> {
        let Api { address, socket, token } = &self.0;
        let address =
            if socket.exists() { Address::Unix(socket.clone()) } else { Address::parse(address)? };
        Client::connect(&address, &Secret::new(token.clone())).await
    }
}

/// The runtime of one command.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context(Kind::Environment, || "cannot start the asynchronous runtime".to_owned())
}

/// One request to the service.
pub(super) fn call<T>(
    context: &Context,
    request: impl AsyncFnOnce(&mut Client) -> Result<T>,
) -> Result<T> {
    let service = Service::find(context)?;
    runtime()?.block_on(async {
        let mut client = service.connect().await?;
        request(&mut client).await
    })
}
