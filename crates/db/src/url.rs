//! Connection URLs, text in, target out. The grammar is libpq's (manual,
//! "Connection URIs"). No message quotes the URL: it may hold a password.

use std::env;
use std::path::PathBuf;

use seedbed_api::{Failure, Kind, Result, Secret};

use crate::{Host, Target};

const SHAPE: &str = "postgres://user:password@localhost:5432/database";

pub(crate) fn parse(url: &str) -> Result<Target> {
    let rest = url
        .strip_prefix("postgresql://")
        .or_else(|| url.strip_prefix("postgres://"))
        .ok_or_else(|| bad("it does not start with postgres:// or postgresql://"))?;
    let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, address) = authority
        .rsplit_once('@')
        .map_or((None, authority), |(user, address)| (Some(user), address));

    let mut draft = Draft::default();
    if let Some(user) = user {
        let (name, password) =
            user.split_once(':').map_or((user, None), |(name, password)| (name, Some(password)));
        draft.user = non_empty(decoded(name)?);
        draft.password = password.map(decoded).transpose()?.and_then(non_empty);
    }
    let (host, port) = split_address(address)?;
    draft.host = non_empty(decoded(host)?);
    draft.port = port.map(str::to_owned);
    draft.database = non_empty(decoded(database)?);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) =
            pair.split_once('=').ok_or_else(|| bad("a parameter has no `=` in it"))?;
        draft.set(&decoded(name)?, decoded(value)?)?;
    }
    draft.finish()
}

#[derive(Default)]
struct Draft {
    host: Option<String>,
    port: Option<String>,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
}

impl Draft {
    fn set(&mut self, name: &str, value: String) -> Result<()> {
        match name {
            "host" | "hostaddr" => self.host = non_empty(value),
            "port" => self.port = non_empty(value),
            "user" => self.user = non_empty(value),
            "password" => self.password = non_empty(value),
            "dbname" => self.database = non_empty(value),
            "sslmode" => return tls(&value),
            "ssl" if value == "true" => return tls("require"),
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Target> {
        let host = self.host.unwrap_or_else(|| "localhost".to_owned());
        if host.contains(',') {
            return Err(bad("it names several hosts; give one"));
        }
        let port = match self.port {
            None => 5432,
            Some(text) => text
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| bad("its port is not a number from 1 to 65535"))?,
        };
        let user = self.user.unwrap_or_else(system_user);
        Ok(Target {
            host: if host.starts_with('/') {
                Host::Socket(PathBuf::from(host))
            } else {
                Host::Tcp(host)
            },
            port,
            database: self.database.unwrap_or_else(|| user.clone()),
            user,
            password: self.password.map(Secret::new),
        })
    }
}

fn tls(mode: &str) -> Result<()> {
    match mode {
        "disable" | "allow" | "prefer" => Ok(()),
        "require" | "verify-ca" | "verify-full" => Err(Failure::new(
            Kind::Config,
            format!("the database URL asks for sslmode={mode}, and this build has no TLS"),
        )
        .hint("sslmode=disable")
        .hint(
            "reach a server that insists on TLS through a tunnel: ssh -L 5432:localhost:5432 HOST",
        )),
        _ => Err(bad("its sslmode is not one of libpq's")),
    }
}

/// Host and port of `name:port`, `[v6]:port` and their shorter forms.
fn split_address(address: &str) -> Result<(&str, Option<&str>)> {
    let (host, rest) = if let Some(inner) = address.strip_prefix('[') {
        inner.split_once(']').ok_or_else(|| bad("its IPv6 address lacks the closing `]`"))?
    } else {
        address.find(':').map_or((address, ""), |colon| address.split_at(colon))
    };
    if rest.is_empty() {
        return Ok((host, None));
    }
    let port = rest
        .strip_prefix(':')
        .ok_or_else(|| bad("something other than a port follows the host"))?;
    Ok((host, (!port.is_empty()).then_some(port)))
}

fn system_user() -> String {
    ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| env::var(name).ok().and_then(non_empty))
        .unwrap_or_else(|| "postgres".to_owned())
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn bad(why: &str) -> Failure {
    Failure::new(Kind::Config, format!("the database URL cannot be used: {why}")).hint(SHAPE)
}

/// Everything but RFC 3986 "unreserved" characters as `%XX`.
pub(crate) fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn decoded(text: &str) -> Result<String> {
    let wrong = || bad("it has a `%` that is not followed by two hexadecimal digits");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit().ok_or_else(wrong)?, digit().ok_or_else(wrong)?);
        let value = u8::try_from(high * 16 + low).map_err(|_| wrong())?;
        if value == 0 {
            return Err(bad("it holds the forbidden escape %00"));
        }
        bytes.push(value);
    }
    String::from_utf8(bytes).map_err(|_| bad("its escapes are not UTF-8"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tcp(host: &str, port: u16, user: &str, password: Option<&str>, database: &str) -> Target {
        Target {
            host: Host::Tcp(host.into()),
            port,
            user: user.into(),
            password: password.map(Secret::new),
            database: database.into(),
        }
    }

    #[test]
    fn urls_are_read_as_libpq_reads_them() {
        let socket = |folder: &str, port, user: &str, database: &str| Target {
            host: Host::Socket(folder.into()),
            ..tcp("", port, user, None, database)
        };
        for (url, expected) in [
            ("postgres://u:p@h:5433/d", tcp("h", 5433, "u", Some("p"), "d")),
            ("postgresql://u@h", tcp("h", 5432, "u", None, "u")),
            ("postgresql://u@[::1]:6/d", tcp("::1", 6, "u", None, "d")),
            ("postgresql://u@[::1]/d", tcp("::1", 5432, "u", None, "d")),
            ("postgres://u%40x:p%3A%2F@h/a%20b", tcp("h", 5432, "u@x", Some("p:/"), "a b")),
            ("postgres://u:a@b@h/d", tcp("h", 5432, "u", Some("a@b"), "d")),
            ("postgres://u@/d", tcp("localhost", 5432, "u", None, "d")),
            ("postgres://u@h/d?sslmode=disable&schema=x", tcp("h", 5432, "u", None, "d")),
            ("postgres://h?user=u&password=p&port=7&dbname=d", tcp("h", 7, "u", Some("p"), "d")),
            ("postgres:///d?host=/run/pg&user=u", socket("/run/pg", 5432, "u", "d")),
            ("postgres://u@%2Frun%2Fpg:9/d", socket("/run/pg", 9, "u", "d")),
        ] {
            assert_eq!(parse(url).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn bad_urls_say_why_and_never_quote_the_password() {
        for (url, part) in [
            ("mysql://u:hunter2@h/d", "does not start with"),
            ("postgres://u:hunter2@h:99999/d", "port"),
            ("postgres://u:hunter2@h:0/d", "port"),
            ("postgres://u:hunter2@a,b/d", "several hosts"),
            ("postgres://u:hunter2%4@h/d", "hexadecimal"),
            ("postgres://u:hunter2%ff@h/d", "UTF-8"),
            ("postgres://u:hunter2@[::1/d", "closing"),
            ("postgres://u:hunter2@h/d?sslmode=require", "no TLS"),
            ("postgres://u:hunter2@h/d?sslmode=verify-full", "no TLS"),
            ("postgres://u:hunter2@h/d?x", "no `=`"),
        ] {
            let failure = parse(url).unwrap_err();
            let text = format!("{} {:?}", failure.chain(), failure.hints());
            assert!(text.contains(part), "{url}: {text}");
            assert!(!text.contains("hunter2"), "{text}");
            assert_eq!(failure.kind(), Kind::Config);
        }
    }

    #[test]
    fn messages_never_show_the_password() {
        let mut target = tcp("h", 1, "u", Some("hunter2"), "d");
        assert!(!target.redacted().contains("hunter2"));
        assert!(!format!("{target:?}").contains("hunter2"));
        target.host = Host::Socket("/s".into());
        assert!(!target.redacted().contains("hunter2"));
    }

    proptest! {
        #[test]
        fn every_target_survives_its_url(
            host in "([a-z0-9.-]{1,12}|::1|/[ -~]{0,12})",
            port in 1u16..,
            user in "[^\0]{1,8}",
            password in proptest::option::of("[^\0]{1,8}"),
            database in "[^\0]{1,8}",
        ) {
            let mut target = tcp(&host, port, &user, password.as_deref(), &database);
            if host.starts_with('/') {
                prop_assume!(!host.contains(','));
                target.host = Host::Socket(host.into());
            }
            prop_assert_eq!(parse(target.url().expose()).unwrap(), target);
        }
    }
}
