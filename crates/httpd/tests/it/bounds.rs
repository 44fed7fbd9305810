//! What one client can take, and that it takes nothing from another.

use seedbed_api::lease::{Acquire, ProblemCode};
use seedbed_httpd::Limits;

use crate::ground::{HASTE, House};
use crate::recorder::Note;

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_not_waited_for() {
    let house = House::open();
    for address in house.both() {
        let mut raw = house.raw(address).await;
        let head = house.head("POST /v1/leases");
        raw.say(format!("{head}Content-Length: 1000000000\r\n\r\n")).await;
        let said = raw.hear().await;
        assert_eq!((said.status, said.code()), (413, "too_large"));
        assert!(said.head.contains("connection: close"));
        raw.closed().await;

        let mut raw = house.raw(address).await;
        raw.say(format!("{head}Expect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n")).await;
        assert_eq!(raw.hear().await.status, 413, "nobody is told to continue");
    }
    house.stopped().await;
}

#[tokio::test]
async fn a_body_of_unknown_length_is_cut_off_and_its_sender_told() {
    let house = House::open();
    for address in house.both() {
        let mut raw = house.raw(address).await;
        let head = house.head("POST /v1/leases");
        raw.say(format!("{head}Transfer-Encoding: chunked\r\n\r\n")).await;
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        for _ in 0..32 {
            raw.try_to_say(&chunk).await.unwrap();
        }
        raw.try_to_say("0\r\n\r\n").await.unwrap();
        let said = raw.hear().await;
        assert_eq!((said.status, said.code()), (413, "too_large"));
        raw.closed().await;
    }
    // The largest is read, white space though it is; one byte more is not.
    let mut raw = house.raw(&house.unix).await;
    raw.say(house.request("POST /v1/leases", &" ".repeat(1 << 20))).await;
    assert_eq!(raw.hear().await.status, 200);
    raw.say(house.request("POST /v1/leases", &" ".repeat((1 << 20) + 1))).await;
    assert_eq!(raw.hear().await.status, 413);
    house.stopped().await;
}

#[tokio::test]
async fn a_head_is_short_and_a_lease_may_be_idle_for_ever() {
    let house = House::limited(Limits { head: HASTE, ..Limits::default() });
    let mut large = house.raw(&house.tcp).await;
    let head = house.head("GET /v1/health");
    large.say(format!("{head}X-Large: {}\r\n", "x".repeat(17 << 10))).await;
    assert_eq!(large.hear().await.status, 431);
    large.closed().await;

    let mut idle = house.client(&house.unix).await;
    idle.health().await.unwrap();
    // One that says nothing and is told nothing, one that is cut off in its
    // first head, and one in its second.
    let mut mute = house.raw(&house.unix).await;
    mute.closed().await;
    let mut slow = house.raw(&house.tcp).await;
    slow.say("GET /v1/health HTTP/1.1\r\nHost: loc").await;
    let said = slow.hear().await;
    assert_eq!((said.status, said.code()), (408, "too_slow"));
    slow.closed().await;
    let mut later = house.raw(&house.unix).await;
    later.say(house.request("GET /v1/health", "")).await;
    assert_eq!(later.hear().await.status, 200);
    later.say("GET /v1/he").await;
    assert_eq!(later.hear().await.code(), "too_slow");
    later.closed().await;
    // All that took several times as long as a head may.
    assert!(idle.health().await.is_ok(), "an idle client is a holder");
    house.stopped().await;
}

#[tokio::test]
async fn one_byte_now_and_then_does_not_stop_the_clock() {
    let house = House::limited(Limits { head: HASTE, ..Limits::default() });
    let mut slow = house.raw(&house.tcp).await;
    let mut other = house.client(&house.tcp).await;
    slow.say("GET /v1/health HTTP/1.1\r\nX-Slow: ").await;
    // Requests of somebody else are the pace of this one, and none waits for it.
    while !house.recorder.notes().contains(&Note::Ended(0)) {
        for _ in 0..20 {
            other.health().await.unwrap();
        }
        if slow.try_to_say("x").await.is_err() {
            break;
        }
    }
    house.recorder.wait_for(Note::Ended(0)).await;
    assert!(slow.ends_with("too_slow").await, "cut off by the clock, not by its size");
    house.stopped().await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let house = House::limited(Limits { body: HASTE, ..Limits::default() });
    let mut raw = house.raw(&house.unix).await;
    raw.say(format!("{}Content-Length: 2\r\n\r\n{{", house.head("POST /v1/leases"))).await;
    let said = raw.hear().await;
    assert_eq!((said.status, said.code()), (408, "too_slow"));
    raw.closed().await;
    house.stopped().await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_given_up() {
    let house = House::limited(Limits { stall: HASTE, ..Limits::default() });
    for (holder, address) in house.both().into_iter().enumerate() {
        let holder = holder as u64;
        let mut raw = house.raw(address).await;
        // 100 times 300 KB of replies.
        let requests = house.request("GET /v1/slots", "").repeat(100);
        let _ = raw.try_to_say(requests).await;
        house.recorder.wait_for(Note::Ended(holder)).await;
        let listed = house.recorder.notes();
        let listed = listed.iter().filter(|note| **note == Note::Listed(holder)).count();
        assert!(listed < 50, "{listed} replies were made for nobody");
    }
    house.stopped().await;
}

#[tokio::test]
async fn requests_sent_ahead_are_answered_in_order() {
    let house = House::open();
    for address in house.both() {
        let mut raw = house.raw(address).await;
        let mut all = String::new();
        for number in 0..50 {
            let body = format!("{{\"mark\": \"{number}\"}}");
            all += &house.request("POST /v1/leases/3/rewind", &body);
        }
        raw.say(all).await;
        for number in 0..50 {
            assert_eq!(raw.hear().await.body["mark"], number.to_string());
        }
    }
    house.stopped().await;
}

#[tokio::test]
async fn three_hundred_clients_at_once_are_served() {
    let house = House::open();
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..300 {
        let address = house.both()[number % 2].clone();
        let token = house.token.clone();
        clients.spawn(async move {
            let mut client = seedbed_httpd::Client::connect(&address, &token).await.unwrap();
            let lease = client.acquire(&Acquire::default()).await.unwrap();
            (client, lease.lease)
        });
    }
    let served = clients.join_all().await;
    let leases: std::collections::BTreeSet<_> = served.iter().map(|(_, lease)| lease).collect();
    assert_eq!(leases.len(), 300, "each is a holder of its own");
    drop(served);
    house.recorder.wait(|notes| notes.len() == 600).await;
    house.stopped().await;
}

#[tokio::test]
async fn those_there_is_no_room_for_are_told_so() {
    let house = House::limited(Limits { clients: 3, ..Limits::default() });
    let mut inside = Vec::new();
    for _ in 0..3 {
        let mut client = house.client(&house.unix).await;
        client.health().await.unwrap();
        inside.push(client);
    }
    for address in house.both() {
        let failure = house.client(address).await.health().await.unwrap_err();
        assert_eq!(failure.code(), Some(ProblemCode::TooManyClients));
    }
    assert_eq!(house.recorder.notes().len(), 3, "none of them became a holder");
    inside.pop();
    house.recorder.wait(|notes| notes.iter().any(|note| matches!(note, Note::Ended(_)))).await;
    // The place is free as soon as the service has seen the end.
    loop {
        match house.client(&house.tcp).await.health().await {
            Ok(_) => break,
            Err(failure) => assert_eq!(failure.code(), Some(ProblemCode::TooManyClients)),
        }
    }
    house.stopped().await;
}
