//! `seedbed service`: how this project's lease service is reached. It is
//! started if there is none.

use seedbed_api::lease::Health;
use seedbed_api::{Failure, Kind, Listener as _, Result};
use seedbed_engine::config::Flags;
use seedbed_engine::{Record, Wish};
use serde_json::json;

use super::Context;
use super::lease_service::{self, Service};
use super::up;
use crate::args::ServiceArgs;

/// A service may end by itself between being found and being called.
const ATTEMPTS: usize = 3;

/// A service that answers.
struct Found {
    service: Service,
    health: Health,
    slots: usize,
    started: bool,
    project: String,
}

pub(super) fn service(context: &mut Context, args: &ServiceArgs) -> Result<()> {
    let found = find(context, args)?;
    let Found { service, health, slots, started, project } = found;
    let api = service.api();
    let socket = api.socket.to_string_lossy();
    if context.printer.json() {
        return context.printer.json_data(&json!({
            "api": api.address,
            "socket": (!socket.is_empty()).then_some(socket),
            "token": api.token,
            "slots": slots,
            "version": health.seedbed,
            "protocol": health.protocol,
            "run": health.run,
            "started": started,
            "project": project,
        }));
    }
    let mut text = export("SEEDBED_API", &api.address);
    if !socket.is_empty() {
        text.push_str(&export("SEEDBED_API_SOCKET", &socket));
    }
    text.push_str(&export("SEEDBED_TOKEN", &api.token));
    context.printer.data(&text).map(drop)
}

fn find(context: &mut Context, args: &ServiceArgs) -> Result<Found> {
    if let Some(service) = Service::around_us()? {
        let project = context.config_in_silence(Flags::default())?.root;
        let project = project.to_string_lossy().into_owned();
        match ask(&service) {
            Ok((health, slots)) => {
                return Ok(Found { service, health, slots, started: false, project });
            }
            // A shell may have been told of it long ago.
            Err(failure) if is_loss(&failure) => {
                context.reporter.notice("the service that SEEDBED_API names has ended".to_owned());
            }
            Err(failure) => return Err(failure),
        }
    }
    let config = context.config(args.flags())?;
    context.speak_of_recipe(&config);
    let directory = context.directory()?;
    let words = |launch: &_| up::words(&directory, &args.as_up(), launch);
    let wish = Wish { on_demand: true };
    let mut started = false;
    let mut attempt = 1;
    loop {
        let up = seedbed_engine::up(&context.world()?, &config, wish, &words)?;
        started |= !up.already;
        let api = up.record.service.and_then(|service| service.api);
        let api = api.ok_or_else(|| Record::missing("lease service"))?;
        let service = Service::at(api);
        match ask(&service) {
            Ok((health, slots)) => {
                let project = up.record.project.to_string_lossy().into_owned();
                return Ok(Found { service, health, slots, started, project });
            }
            Err(failure) if attempt < ATTEMPTS && is_loss(&failure) => attempt += 1,
            Err(failure) => return Err(failure),
        }
    }
}

/// Whether it ended.
fn is_loss(failure: &Failure) -> bool {
    matches!(failure.kind(), Kind::ServerFailed | Kind::NoServer)
}

/// Whether it answers, which also counts as use, and how many slots it has.
fn ask(service: &Service) -> Result<(Health, usize)> {
    lease_service::runtime()?.block_on(async {
        let mut client = service.connect().await?;
        let health = client.health().await?;
        Ok((health, client.slots().await?.len()))
    })
}

/// A line for a shell.
fn export(name: &str, value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:._-".contains(c);
    if value.chars().all(plain) {
        format!("export {name}={value}\n")
    } else {
        format!("export {name}='{}'\n", value.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_survives_a_shell() {
        assert_eq!(export("A", "http://127.0.0.1:1"), "export A=http://127.0.0.1:1\n");
        assert_eq!(export("A", "/a b/it's"), "export A='/a b/it'\\''s'\n");
    }
}
