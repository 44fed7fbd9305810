//! A holder ends when its connection or its process ends, exactly once.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};
use seedbed_httpd::Limits;

use crate::ground::{HASTE, House};
use crate::recorder::{Note, TAKEN};

fn waiting_request(house: &House) -> String {
    house.request("POST /v1/leases", &format!("{{\"slot\": \"{TAKEN}\"}}"))
}

#[tokio::test]
async fn the_end_of_a_connection_is_the_end_of_its_holder() {
    let house = House::open();
    for (number, address) in house.both().into_iter().enumerate() {
        let (closed, half_closed) = (2 * number as u64, 2 * number as u64 + 1);
        let mut raw = house.raw(address).await;
        raw.say(house.request("POST /v1/leases", "")).await;
        assert_eq!(raw.hear().await.body["lease"], format!("3.{closed}"));
        assert!(!house.recorder.notes().contains(&Note::Ended(closed)));
        drop(raw);
        house.recorder.wait_for(Note::Ended(closed)).await;

        let mut raw = house.raw(address).await;
        raw.say(house.request("GET /v1/health", "")).await;
        raw.hear().await;
        raw.half_close().await;
        house.recorder.wait_for(Note::Ended(half_closed)).await;
        raw.closed().await;
    }
    house.stopped().await;
}

#[tokio::test]
async fn a_client_that_vanishes_while_it_waits_waits_no_more() {
    let house = House::open();
    let mut holder = 0;
    for address in house.both() {
        for ahead in ["", "GET /v1/health"] {
            let mut raw = house.raw(address).await;
            raw.say(waiting_request(&house)).await;
            house.recorder.wait_for(Note::Waits(holder)).await;
            if !ahead.is_empty() {
                // hyper does not read past a request that was sent ahead.
                raw.say(house.request(ahead, "")).await;
            }
            drop(raw);
            house.recorder.wait_for(Note::Ended(holder)).await;
            let notes = house.recorder.notes();
            let at = |note| notes.iter().position(|found| *found == note).unwrap();
            assert!(at(Note::Cancelled(holder)) < at(Note::Ended(holder)), "{notes:?}");
            holder += 1;
        }
    }
    house.stopped().await;
}

/// Connects, asks, forks a child that keeps the socket, and waits.
const FORKING: &str = r#"
import os, socket, sys
path, request = sys.argv[1], sys.argv[2].encode()
connection = socket.socket(socket.AF_UNIX)
connection.connect(path)
connection.sendall(request)
if sys.argv[3] == "answered":
    connection.recv(65536)
child = os.fork()
if child != 0:
    print(child, flush=True)
sys.stdin.read()
"#;

#[tokio::test]
async fn the_end_of_its_process_is_enough_though_a_child_keeps_the_socket() {
    let house = House::open();
    for (holder, (request, word)) in
        [(house.request("POST /v1/leases", ""), "answered"), (waiting_request(&house), "waiting")]
            .into_iter()
            .enumerate()
    {
        let holder = holder as u64;
        let mut process = Command::new("python3")
            .args(["-c", FORKING])
            .arg(house.socket())
            .args([request.as_str(), word])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The child ends when this end of its standard input is closed.
        let stdin = process.stdin.take();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        let (line, _stdout) = tokio::task::spawn_blocking(move || {
            let mut stdout = BufReader::new(stdout);
            stdout.read_line(&mut line).unwrap();
            (line, stdout)
        })
        .await
        .unwrap();
        let child = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
        house.recorder.wait_for(Note::Came(holder)).await;
        if word == "waiting" {
            house.recorder.wait_for(Note::Waits(holder)).await;
        }
        assert!(!house.recorder.notes().contains(&Note::Ended(holder)));

        process.kill().unwrap();
        house.recorder.wait_for(Note::Ended(holder)).await;
        assert!(test_kill_process(child).is_ok(), "the child has the socket still");
        process.wait().unwrap();
        drop(stdin);
    }
    house.stopped().await;
}

#[tokio::test]
async fn the_end_of_the_service_ends_every_holder() {
    let mut house = House::limited(Limits { grace: HASTE, ..Limits::default() });
    let mut idle = house.raw(&house.tcp).await;
    idle.say(house.request("POST /v1/leases", "")).await;
    idle.hear().await;
    let mut waiting = house.raw(&house.unix).await;
    waiting.say(waiting_request(&house)).await;
    house.recorder.wait_for(Note::Waits(1)).await;

    house.stop();
    idle.closed().await;
    waiting.closed().await;
    let recorder = house.stopped().await;
    assert!(recorder.notes().contains(&Note::Cancelled(1)));
}

#[tokio::test]
async fn a_service_that_stops_does_not_wait_for_idle_clients() {
    let mut house =
        House::limited(Limits { grace: Duration::from_secs(3_600), ..Limits::default() });
    let mut clients = Vec::new();
    for address in house.both() {
        let mut raw = house.raw(address).await;
        raw.say(house.request("GET /v1/health", "")).await;
        raw.hear().await;
        clients.push(raw);
    }
    house.stop();
    for mut raw in clients {
        raw.closed().await;
    }
    house.stopped().await;
}

#[tokio::test]
async fn a_service_that_is_dropped_ends_every_holder_too() {
    let house = House::limited(Limits { grace: Duration::from_secs(3_600), ..Limits::default() });
    let mut raw = house.raw(&house.unix).await;
    raw.say(waiting_request(&house)).await;
    house.recorder.wait_for(Note::Waits(0)).await;
    house.serving.abort();
    house.recorder.wait_for(Note::Ended(0)).await;
    raw.closed().await;
    assert!(!house.socket().exists());
}
