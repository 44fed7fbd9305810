//! A test's lease of a database, and the two connections it uses.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use postgres::{Client, NoTls};
use serde_json::{Value, json};

/// Ends when it is dropped, and with its process at the latest: the service sees the end of the
/// connection, takes back what was written and gives the slot to the next.
pub struct Lease {
    service: BufReader<UnixStream>,
    path: String,
    url: String,
    pub one: Client,
    pub two: Client,
}

impl Lease {
    /// With more tests at a time than slots, the last ones wait here.
    pub fn acquire() -> Self {
        let socket = UnixStream::connect(variable("SEEDBED_API_SOCKET")).unwrap();
        let mut service = BufReader::new(socket);
        // Under cargo-nextest a number, that of the place the test runs in; under cargo test,
        // where tests are threads, nothing: any slot is right.
        let worker = std::env::var("NEXTEST_TEST_GLOBAL_SLOT").ok();
        let wish = json!({ "worker": worker, "wait_ms": 600_000 });
        let lease = post(&mut service, "/v1/leases", &wish);
        let (name, url) = (text(&lease["lease"]), text(&lease["url"]));
        let (one, two) = (connect(&url), connect(&url));
        Self { service, path: format!("/v1/leases/{name}"), url, one, two }
    }

    pub fn mark(&mut self) -> String {
        text(&post(&mut self.service, &format!("{}/marks", self.path), &json!({}))["mark"])
    }

    /// Whether the database had to be replaced.
    pub fn rewind(&mut self, mark: &str) -> bool {
        let path = format!("{}/rewind", self.path);
        let said = post(&mut self.service, &path, &json!({ "mark": mark }));
        assert_eq!(said["marks_lost"], false, "{said}");
        let replaced = said["replaced"] == true;
        if replaced {
            (self.one, self.two) = (connect(&self.url), connect(&self.url));
        }
        replaced
    }
}

/// One request and its answer.
fn post(service: &mut BufReader<UnixStream>, path: &str, body: &Value) -> Value {
    let (token, body) = (variable("SEEDBED_TOKEN"), body.to_string());
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: seedbed\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    service.get_mut().write_all((head + &body).as_bytes()).unwrap();
    let (mut status, mut length) = (String::new(), 0);
    service.read_line(&mut status).unwrap();
    loop {
        let mut line = String::new();
        service.read_line(&mut line).unwrap();
        match line.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut answer = vec![0; length];
    service.read_exact(&mut answer).unwrap();
    let said = serde_json::from_slice::<Value>(&answer).unwrap();
    assert!(status.starts_with("HTTP/1.1 200"), "{path}: {said}");
    said
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name}: seedbed run --workers 3 -- …"))
}
