//! A test's lease of a database, and the two connections it uses.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use postgres::{Client, NoTls};
use serde_json::{Value, json};

/// Ends when it is dropped, and with its process at the latest.
pub struct Lease {
    service: BufReader<UnixStream>,
    path: String,
    url: String,
    test: String,
    pub one: Client,
    pub two: Client,
}

impl Lease {
    /// With more tests at a time than slots, the last ones wait here.
    pub fn acquire() -> Self {
        let socket = UnixStream::connect(variable("SEEDBED_API_SOCKET")).unwrap();
        let mut service = BufReader::new(socket);
        // Runners with a process for each test number the places they run in; threads of
        // `cargo test` take any slot.
        let worker = std::env::var("NEXTEST_TEST_GLOBAL_SLOT").ok();
        // Threads of tests are called as the tests are.
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        let wish = json!({ "worker": worker, "test": test, "wait_ms": 600_000 });
        let lease = post(&mut service, "/v1/leases", &wish);
        let (name, url) = (text(&lease["lease"]), text(&lease["url"]));
        let (one, two) = (connect(&url), connect(&url));
        Self { service, path: format!("/v1/leases/{name}"), url, test, one, two }
    }

    pub fn mark(&mut self) -> String {
        let path = format!("{}/marks", self.path);
        text(&post(&mut self.service, &path, &json!({ "test": self.test }))["mark"])
    }

    /// Back to a mark; the reply.
    pub fn rewind(&mut self, mark: &str) -> Value {
        let path = format!("{}/rewind", self.path);
        let said = post(&mut self.service, &path, &json!({ "mark": mark, "test": self.test }));
        if said["replaced"] == true {
            (self.one, self.two) = (connect(&self.url), connect(&self.url));
        }
        said
    }
}

/// One request and its answer.
fn post(service: &mut BufReader<UnixStream>, path: &str, body: &Value) -> Value {
    let (token, body) = (variable("SEEDBED_TOKEN"), body.to_string());
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: seedbed\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n",
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
    std::env::var(name).unwrap_or_else(|_| panic!("{name}: seedbed run --workers 4 -- …"))
}
