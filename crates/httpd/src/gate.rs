//! Who may ask: a program on this machine that has the token. Never a web
//! page, whatever name it reaches us by.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, ORIGIN};
use hyper::http::request::Parts;
use seedbed_api::lease::ProblemCode;
use seedbed_api::{Failure, Result, Secret};

use crate::address::{UNIX_HOST, is_loopback};
use crate::token;

/// The check before every request.
pub(crate) struct Gate {
    /// The whole value of the header.
    expected: Secret,
}

impl Gate {
    pub(crate) fn new(token: &Secret) -> Self {
        Self { expected: Secret::new(format!("Bearer {}", token.expose())) }
    }

    /// Lets a request in.
    ///
    /// # Errors
    /// `ForeignHost`, `Unauthorized`.
    pub(crate) fn admit(&self, request: &Parts) -> Result<()> {
        let hosts = named_hosts(request)?;
        if hosts.is_empty() || !hosts.iter().all(|host| is_ours(host)) {
            return Err(foreign("the Host header does not name this machine")
                .hint("send `Host: localhost`, or `Host: seedbed` on the unix socket"));
        }
        // Programs send no Origin, browsers do.
        if request.headers.contains_key(ORIGIN) {
            return Err(foreign("web pages are not served: the request has an Origin header"));
        }
        match single(&request.headers, &AUTHORIZATION) {
            Some(given) if token::same(self.expected.expose().as_bytes(), given) => Ok(()),
            Some(_) => Err(unauthorized("the token is not the one of this service")),
            None => Err(unauthorized("the request has no token")),
        }
    }
}

/// The hosts of the Host header and of the first line (`GET http://host/path`).
fn named_hosts(request: &Parts) -> Result<Vec<&str>> {
    let header = request.headers.get_all(HOST).iter().map(|value| {
        value.to_str().map_err(|_| foreign("the Host header is no text of ASCII characters"))
    });
    let line = request.uri.authority().map(|authority| Ok(authority.as_str()));
    header.chain(line).collect()
}

/// Whether a host with or without a port is this machine.
fn is_ours(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    is_loopback(name) || host.eq_ignore_ascii_case(UNIX_HOST)
}

fn single<'a>(headers: &'a HeaderMap, name: &hyper::header::HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.as_bytes())
}

fn foreign(message: &str) -> Failure {
    ProblemCode::ForeignHost.failure(message)
}

fn unauthorized(message: &str) -> Failure {
    ProblemCode::Unauthorized
        .failure(message)
        .hint("send `Authorization: Bearer TOKEN` with the token that came with the address")
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn verdict(uri: &str, headers: &[(&str, &str)]) -> Option<ProblemCode> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Gate::new(&Secret::new("s3")).admit(&parts).err().and_then(|failure| failure.code())
    }

    #[test]
    fn only_this_machine_is_named() {
        let right = ("authorization", "Bearer s3");
        for host in [
            "127.0.0.1",
            "127.0.0.1:4711",
            "localhost",
            "LocalHost:1",
            "[::1]",
            "[::1]:4711",
            "seedbed",
        ] {
            assert_eq!(verdict("/v1/health", &[("host", host), right]), None, "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:4711",
            "127.0.0.1.evil.example",
            "127.0.0.1:80@evil.example",
            "localhost.",
            "::1",
            "0.0.0.0",
            "127.0.0.2",
            "seedbed:80x",
            "localhost:x",
        ] {
            let verdict = verdict("/v1/health", &[("host", host), right]);
            assert_eq!(verdict, Some(ProblemCode::ForeignHost), "{host}");
        }
        for (uri, headers) in [
            ("/", vec![right]),
            ("/", vec![("host", "localhost"), ("host", "evil.example"), right]),
            ("http://evil.example/v1/health", vec![("host", "localhost"), right]),
            ("/", vec![("host", "localhost"), ("origin", "http://localhost"), right]),
            ("/", vec![("host", "localhost"), ("origin", "null"), right]),
        ] {
            assert_eq!(verdict(uri, &headers), Some(ProblemCode::ForeignHost), "{uri} {headers:?}");
        }
    }

    #[test]
    fn only_the_token_opens() {
        for value in
            ["", "s3", "Bearer", "Bearer ", "Bearer s", "Bearer s33", "bearer s3", "Basic s3"]
        {
            let verdict = verdict("/", &[("host", "localhost"), ("authorization", value)]);
            assert_eq!(verdict, Some(ProblemCode::Unauthorized), "{value}");
        }
        let twice =
            [("host", "localhost"), ("authorization", "Bearer s3"), ("authorization", "Bearer s3")];
        assert_eq!(verdict("/", &twice), Some(ProblemCode::Unauthorized));
        assert_eq!(verdict("/", &[("host", "localhost")]), Some(ProblemCode::Unauthorized));
    }
}
