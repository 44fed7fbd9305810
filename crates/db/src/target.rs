//! Where a database is and who connects to it. A target is plain data; its
//! texts for other programs are made in `url`.

use std::path::PathBuf;

use seedbed_api::Secret;

use crate::url::{self, percent_encoded};

/// How the server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// The folder that holds the unix socket `.s.PGSQL.<port>`.
    Socket(PathBuf),
    /// A name or an address (IPv6 without brackets).
    Tcp(String),
}

/// One database of one server, and the role that connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How the server is reached.
    pub host: Host,
    /// Its TCP port, also part of the unix socket's name.
    pub port: u16,
    /// The role.
    pub user: String,
    /// Its password, if it needs one.
    pub password: Option<Secret>,
    /// The database.
    pub database: String,
}

impl Target {
    /// Reads a `postgres://` or `postgresql://` URL as libpq does (manual,
    /// "Connection URIs"). Missing parts become `localhost`, 5432, the name of
    /// the operating system's user, and the database named like the role.
    /// Parameters that belong to a client (`application_name`, `schema`, …)
    /// are ignored.
    ///
    /// # Errors
    /// `Kind::Config` for another scheme, several hosts, a bad port or escape,
    /// and for `sslmode=require` and stricter: this build has no TLS.
    pub fn parse(url: &str) -> seedbed_api::Result<Self> {
        url::parse(url)
    }

    /// The URL, password included. A socket is given as `?host=` with user and
    /// password as parameters too: several parsers refuse a user without host.
    #[must_use]
    pub fn url(&self) -> Secret {
        Secret::new(self.text(true))
    }

    /// The URL without its password, for messages.
    #[must_use]
    pub fn redacted(&self) -> String {
        self.text(false)
    }

    /// The same server and role, another database.
    #[must_use]
    pub fn with_database(&self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self.clone() }
    }

    /// Environment variables that make clients connect here: libpq's `PG*` and
    /// `DATABASE_URL`. `PGPASSWORD` is present only where there is a password;
    /// remove an inherited one first.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let host = match &self.host {
            Host::Socket(folder) => folder.display().to_string(),
            Host::Tcp(name) => name.clone(),
        };
        let mut variables = vec![
            ("PGHOST".to_owned(), host),
            ("PGPORT".to_owned(), self.port.to_string()),
            ("PGUSER".to_owned(), self.user.clone()),
            ("PGDATABASE".to_owned(), self.database.clone()),
            ("DATABASE_URL".to_owned(), self.url().expose().to_owned()),
        ];
        if let Some(password) = &self.password {
            variables.push(("PGPASSWORD".to_owned(), password.expose().to_owned()));
        }
        variables
    }

    fn text(&self, with_password: bool) -> String {
        let user = percent_encoded(&self.user);
        let database = percent_encoded(&self.database);
        let password = self.password.as_ref().filter(|_| with_password);
        let password = password.map(|secret| percent_encoded(secret.expose()));
        match &self.host {
            Host::Tcp(name) => {
                let secret = password.map(|text| format!(":{text}")).unwrap_or_default();
                let host =
                    if name.contains(':') { format!("[{name}]") } else { percent_encoded(name) };
                format!("postgresql://{user}{secret}@{host}:{}/{database}", self.port)
            }
            Host::Socket(folder) => {
                let secret = password.map(|text| format!("&password={text}")).unwrap_or_default();
                let folder = percent_encoded(&folder.to_string_lossy());
                let port = self.port;
                format!("postgresql:///{database}?host={folder}&port={port}&user={user}{secret}")
            }
        }
    }
}
