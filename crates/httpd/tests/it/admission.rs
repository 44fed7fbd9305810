//! Who is let in, and what is answered to requests that cannot be.

use seedbed_api::Secret;
use seedbed_api::lease::ProblemCode;
use seedbed_httpd::Client;

use crate::ground::House;

#[tokio::test]
async fn nobody_is_answered_without_the_token() {
    let house = House::open();
    for address in house.both() {
        let mut raw = house.raw(address).await;
        raw.say("GET /v1/health HTTP/1.1\r\nHost: seedbed\r\n\r\n").await;
        let said = raw.hear().await;
        assert_eq!((said.status, said.code()), (401, "unauthorized"));
        assert!(said.head.contains("www-authenticate: bearer"));
        assert!(said.body["error"]["hints"][0].as_str().unwrap().contains("Authorization: Bearer"));
        raw.closed().await;

        let mut client = Client::connect(address, &Secret::new("wrong")).await.unwrap();
        let failure = client.health().await.unwrap_err();
        assert_eq!(failure.code(), Some(ProblemCode::Unauthorized));
        assert!(house.client(address).await.health().await.is_ok());
    }
    house.stopped().await;
}

#[tokio::test]
async fn web_pages_are_refused_and_get_no_cors_headers() {
    let house = House::open();
    let token = house.token.expose();
    for headers in [
        "Host: evil.example".to_owned(),
        "Host: localhost\r\nOrigin: http://localhost".to_owned(),
        "Host: localhost\r\nOrigin: null\r\nAccess-Control-Request-Method: POST".to_owned(),
        "X-Forwarded-Host: localhost".to_owned(),
    ] {
        for method in ["GET", "OPTIONS"] {
            let mut raw = house.raw(&house.tcp).await;
            raw.say(format!(
                "{method} /v1/slots HTTP/1.1\r\n{headers}\r\nAuthorization: Bearer {token}\r\n\r\n"
            ))
            .await;
            let said = raw.hear().await;
            assert_eq!((said.status, said.code()), (421, "foreign_host"), "{headers}");
            assert!(!said.head.contains("access-control"), "{}", said.head);
        }
    }
    let mut raw = house.raw(&house.tcp).await;
    raw.say(format!(
        "GET http://evil.example/v1/slots HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    ))
    .await;
    assert_eq!(raw.hear().await.code(), "foreign_host");
    house.stopped().await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told_and_the_connection_lives_on() {
    let house = House::open();
    let mut raw = house.raw(&house.unix).await;
    for (line, body, status, code) in [
        ("GET /v2", "", 404, "unknown_route"),
        ("PUT /v1/leases", "", 405, "unknown_method"),
        ("OPTIONS /v1/leases", "", 405, "unknown_method"),
        ("DELETE /v1/leases/run", "", 404, "unknown_lease"),
        ("POST /v1/leases", "{\"slot\": 7}", 400, "bad_request"),
        ("POST /v1/leases", "{\"solt\": \"run/7\"}", 400, "bad_request"),
        ("POST /v1/leases", "{", 400, "bad_request"),
        ("GET /v1/health", "{\"a\": 1}", 400, "bad_request"),
        ("GET /v1/health?a=1", "", 400, "bad_request"),
        ("DELETE /v1/leases/3.4", "", 410, "lease_ended"),
    ] {
        raw.say(house.request(line, body)).await;
        let said = raw.hear().await;
        assert_eq!((said.status, said.code()), (status, code), "{line} {body}");
        assert_eq!(said.head.contains("allow: post"), code == "unknown_method", "{}", said.head);
        assert!(said.head.contains("content-type: application/json"));
    }
    // Without a body there is none to tell the problem in.
    raw.say(house.request("HEAD /v1/health", "")).await;
    let mut said = house.raw(&house.unix).await;
    drop(raw);
    said.say(house.request("POST /v1/leases/3/marks", "{\"test\":\n \"hunter2\", \"x\": 1}")).await;
    let refused = said.hear().await;
    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("field `x` at line 2, column "), "{message}");
    assert!(!refused.body.to_string().contains("hunter2"));
    house.stopped().await;
}
