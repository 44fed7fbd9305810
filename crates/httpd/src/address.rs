//! Where a lease service listens, as one text: the value of `SEEDBED_API`.

use std::fmt;
use std::path::PathBuf;

use seedbed_api::{Failure, Kind, Result};

/// Where a lease service listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A unix socket: `unix:/path/to/socket`.
    Unix(PathBuf),
    /// Host and port on loopback: `http://127.0.0.1:4711`.
    Tcp(String, u16),
}

impl Address {
    /// Reads `http://HOST:PORT`, where the host is loopback, or `unix:/PATH`.
    ///
    /// # Errors
    /// `Kind::Config` for everything else. A token is never sent to another
    /// machine, so no other host is taken.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.starts_with('/') && !path.contains('\0') {
                Ok(Self::Unix(PathBuf::from(path)))
            } else {
                Err(unusable(text, "the path of a socket begins with `/`"))
            };
        }
        let Some(rest) = text.strip_prefix("http://") else {
            return Err(unusable(text, "it begins with `http://` or `unix:/`"));
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let Some((host, port)) = rest.rsplit_once(':') else {
            return Err(unusable(text, "it has no port"));
        };
        if !is_loopback(host) {
            return Err(unusable(text, "the service listens on loopback only"));
        }
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        match port.parse::<u16>() {
            Ok(port) if digits && port > 0 => Ok(Self::Tcp(host.to_owned(), port)),
            _ => Err(unusable(text, "its port is no number from 1 to 65535")),
        }
    }

    /// What a client sends as Host.
    pub(crate) fn host(&self) -> String {
        match self {
            Self::Unix(_) => UNIX_HOST.to_owned(),
            Self::Tcp(host, port) => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(host, port) => write!(f, "http://{host}:{port}"),
        }
    }
}

/// What clients of the unix socket name as host.
pub(crate) const UNIX_HOST: &str = "seedbed";

/// Whether a name in a URL or a Host header can only mean this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|known| known.eq_ignore_ascii_case(host))
}

fn unusable(text: &str, why: &str) -> Failure {
    // The text is shown without what could be a password in front of `@`.
    let shown = text.rsplit('@').next().unwrap_or_default();
    Failure::new(Kind::Config, format!("`{shown}` is no address of a lease service: {why}"))
        .hint("export SEEDBED_API=http://127.0.0.1:PORT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for text in [
            "http://127.0.0.1:4711",
            "http://localhost:1",
            "http://[::1]:65535",
            "unix:/run/seedbed/a b/api.sock",
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            Address::parse("http://127.0.0.1:80/").unwrap(),
            Address::Tcp("127.0.0.1".into(), 80)
        );
    }

    #[test]
    fn everything_else_is_refused_with_a_hint() {
        for (text, why) in [
            ("", "begins with"),
            ("https://127.0.0.1:1", "begins with"),
            ("127.0.0.1:1", "begins with"),
            ("unix:run/x", "begins with `/`"),
            ("unix:", "begins with `/`"),
            ("http://127.0.0.1", "loopback"),
            ("http://localhost", "no port"),
            ("http://[::1]", "loopback"),
            ("http://10.0.0.1:80", "loopback"),
            ("http://127.0.0.1.example:80", "loopback"),
            ("http://127.0.0.1:0", "port"),
            ("http://127.0.0.1:+5", "port"),
            ("http://127.0.0.1:70000", "port"),
            ("http://127.0.0.1:80/v1", "port"),
        ] {
            let failure = Address::parse(text).unwrap_err();
            assert_eq!(failure.kind(), Kind::Config, "{text}");
            assert!(failure.hints().len() == 1, "{text}");
            if !matches!(text, "http://127.0.0.1") {
                assert!(failure.chain().contains(why), "{text}: {}", failure.chain());
            }
        }
        let failure = Address::parse("http://me:hunter2@host:1").unwrap_err();
        assert!(!failure.chain().contains("hunter2"));
    }
}
