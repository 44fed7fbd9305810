//! Bytes that are no request.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use seedbed_httpd::Address;

use crate::ground::House;

/// Pieces of requests, right and wrong, in any order.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"GET /v1/health HTTP/1.1\r\n".to_vec()),
        Just(b"POST /v1/leases HTTP/1.1\r\n".to_vec()),
        Just(b"Host: localhost\r\n".to_vec()),
        Just(b"Content-Length: 5\r\n".to_vec()),
        Just(b"Content-Length: -1\r\n".to_vec()),
        Just(b"Content-Length: 99999999999999999999\r\n".to_vec()),
        Just(b"Transfer-Encoding: chunked\r\n".to_vec()),
        Just(b"Transfer-Encoding: chunked, x\r\n".to_vec()),
        Just(b"Expect: 100-continue\r\n".to_vec()),
        Just(b"Upgrade: websocket\r\nConnection: Upgrade\r\n".to_vec()),
        Just(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"ffffffffffffffffff\r\n".to_vec()),
        Just(b"HTTP/9.9\r\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..40),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

#[tokio::test]
async fn any_bytes_are_refused_and_the_service_goes_on() {
    let house = House::open();
    let Address::Tcp(host, port) = house.tcp.clone() else { unreachable!("it is TCP") };
    tokio::task::spawn_blocking(move || {
        let mut runner = TestRunner::default();
        runner
            .run(&pieces(), |bytes| {
                let mut stream = TcpStream::connect((host.as_str(), port)).unwrap();
                // It may be closed before all is sent.
                let _ = stream.write_all(&bytes);
                let _ = stream.shutdown(Shutdown::Write);
                let mut said = Vec::new();
                let _ = stream.read_to_end(&mut said);
                let continued = said.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n");
                let said = continued.unwrap_or(&said);
                prop_assert!(
                    said.is_empty() || said.starts_with(b"HTTP/1.1 4"),
                    "{:?}",
                    String::from_utf8_lossy(said)
                );
                Ok(())
            })
            .unwrap();
    })
    .await
    .unwrap();
    assert!(house.client(&house.unix).await.health().await.is_ok());
    house.stopped().await;
}
