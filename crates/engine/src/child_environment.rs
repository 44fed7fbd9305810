//! What the wrapped command finds in its environment.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::process::Command;

use seedbed_db::{Host, Target};
use seedbed_server::{Api, RUN_MARK};

use crate::config::{Template, Value};
use crate::lease_service::LeaseService;

/// Variables of libpq that would lead a client elsewhere than the ones we set
/// (PostgreSQL manual, "Environment Variables" of libpq).
const MISLEADING: [&str; 17] = [
    "PGHOSTADDR",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGPASSFILE",
    "PGREQUIREAUTH",
    "PGCHANNELBINDING",
    "PGSSLMODE",
    "PGREQUIRESSL",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLROOTCERT",
    "PGGSSENCMODE",
    "PGTARGETSESSIONATTRS",
    "PGLOADBALANCEHOSTS",
    // These do not lead elsewhere, they make the connection fail.
    "PGREQUIREPEER",
    "PGSSLNEGOTIATION",
    "PGMINPROTOCOLVERSION",
];

/// What the command is told beyond its database.
pub(crate) struct Told<'a> {
    /// Identity of the run.
    pub(crate) run: &'a str,
    /// Version of the server.
    pub(crate) version: &'a str,
    /// The same database over the unix socket.
    pub(crate) socket: Option<&'a Target>,
    /// The same database as superuser, when the command's role is another.
    pub(crate) admin: Option<&'a Target>,
    /// Variables the person defined.
    pub(crate) templates: &'a BTreeMap<String, Value<Template>>,
}

/// Sets `DATABASE_URL` and `PG*` and removes what contradicts them. Whatever
/// `DATABASE_URL` said before (production, perhaps) the child never sees.
pub(crate) fn connect(command: &mut Command, target: &Target) {
    for name in MISLEADING {
        command.env_remove(name);
    }
    command.envs(target.environment());
}

/// Sets everything the wrapped command receives.
pub(crate) fn equip(command: &mut Command, target: &Target, told: &Told<'_>) {
    connect(command, target);
    forget_leases(command);
    command
        .env("SEEDBED_URL", target.url().expose())
        .env("SEEDBED_SERVER_VERSION", told.version)
        .env(RUN_MARK, told.run)
        .env_remove("SEEDBED_ADMIN_URL")
        .env_remove("SEEDBED_SOCKET_URL");
    if let Some(socket) = told.socket {
        command.env("SEEDBED_SOCKET_URL", socket.url().expose());
    }
    if let Some(admin) = told.admin {
        command.env("SEEDBED_ADMIN_URL", admin.url().expose());
    }
    for (name, template) in told.templates {
        command.env(name, template.value.fill(|placeholder| fill(placeholder, target, told)));
    }
}

/// What a command on a lease is told beyond its database.
pub(crate) struct Lent<'a> {
    /// Identity of the claim that guards the command.
    pub(crate) run: &'a str,
    /// The lease.
    pub(crate) lease: &'a str,
    /// Where the lease service listens, and its token.
    pub(crate) api: &'a Api,
    /// The same database over the unix socket.
    pub(crate) socket: Option<&'a Target>,
    /// Variables the person defined.
    pub(crate) templates: &'a BTreeMap<String, Value<Template>>,
}

/// Sets what a command on a lease receives. The lease service around it stays
/// the same.
pub(crate) fn lend(command: &mut Command, target: &Target, lent: &Lent<'_>) {
    connect(command, target);
    command
        .env("SEEDBED_URL", target.url().expose())
        .env("SEEDBED_LEASE", lent.lease)
        .env(RUN_MARK, lent.run)
        .env_remove("SEEDBED_ADMIN_URL")
        .env_remove("SEEDBED_SOCKET_URL");
    tell_api(command, lent.api);
    if let Some(socket) = lent.socket {
        command.env("SEEDBED_SOCKET_URL", socket.url().expose());
    }
    let told = Told {
        run: lent.run,
        version: "",
        socket: lent.socket,
        admin: None,
        templates: lent.templates,
    };
    for (name, template) in lent.templates {
        command.env(name, template.value.fill(|placeholder| fill(placeholder, target, &told)));
    }
}

/// Tells where the lease service listens.
fn tell_api(command: &mut Command, api: &Api) {
    command.env("SEEDBED_API", &api.address).env("SEEDBED_TOKEN", &api.token);
    if api.socket.as_os_str().is_empty() {
        command.env_remove("SEEDBED_API_SOCKET");
    } else {
        command.env("SEEDBED_API_SOCKET", &api.socket);
    }
}

/// Tells the command of the lease service and of every slot.
pub(crate) fn offer(command: &mut Command, leases: &LeaseService) {
    let slots = leases.slots();
    tell_api(command, &leases.api);
    command.env("SEEDBED_SLOTS", slots.to_string());
    for slot in 0..=slots {
        // Runners count from 0 or from 1: 0 is another name of the last one.
        let index = if slot == 0 { slots - 1 } else { slot - 1 };
        if let Some(targets) = leases.targets(index) {
            command.env(format!("SEEDBED_URL_{slot}"), targets.command.url().expose());
        }
    }
}

/// What an outer service told does not hold for this command.
fn forget_leases(command: &mut Command) {
    for name in
        ["SEEDBED_API", "SEEDBED_API_SOCKET", "SEEDBED_TOKEN", "SEEDBED_SLOTS", "SEEDBED_LEASE"]
    {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SEEDBED_URL_") {
            command.env_remove(name);
        }
    }
}

fn fill<'a>(placeholder: &'static str, target: &'a Target, told: &Told<'a>) -> Cow<'a, str> {
    match placeholder {
        "url" => target.url().expose().to_owned().into(),
        "host" => match &target.host {
            Host::Tcp(host) => Cow::Borrowed(host.as_str()),
            Host::Socket(dir) => dir.to_string_lossy(),
        },
        "port" => target.port.to_string().into(),
        "user" => Cow::Borrowed(target.user.as_str()),
        "password" => {
            target.password.as_ref().map_or("", |password| password.expose()).to_owned().into()
        }
        "database" => Cow::Borrowed(target.database.as_str()),
        "socket_dir" => match told.socket.map(|socket| &socket.host) {
            Some(Host::Socket(dir)) => dir.to_string_lossy(),
            _ => Cow::Borrowed(""),
        },
        "version" => Cow::Borrowed(told.version),
        "admin_url" => told.admin.unwrap_or(target).url().expose().to_owned().into(),
        _ => Cow::Borrowed(""),
    }
}
