//! Our own client, on both transports.

use seedbed_api::lease::{Acquire, Keep, MarkRequest, ProblemCode, Rewind};
use seedbed_api::{Kind, Secret};
use seedbed_httpd::{Address, Client};

use crate::ground::House;
use crate::recorder::{Note, TAKEN};

#[tokio::test]
async fn every_call_reaches_its_route() {
    let house = House::open();
    for address in house.both() {
        let client = &mut house.client(address).await;
        let holder = client.health().await.unwrap().run;
        let lease = client.acquire(&Acquire::default()).await.unwrap();
        assert_eq!(lease.lease, format!("3.{holder}"), "one connection is one holder");
        assert_eq!(client.mark("3.4", &MarkRequest::default()).await.unwrap().mark, "3.4");
        let rewind = Rewind { mark: Some("2".into()), ..Rewind::default() };
        assert_eq!(client.rewind("3.4", &rewind).await.unwrap().mark, "2");
        let keep = Keep { test: Some("a/ü".into()) };
        assert_eq!(client.keep("3", &keep).await.unwrap().name, "a/ü");
        assert_eq!(client.release("3").await.unwrap().slot, "run/3");
        assert_eq!(client.slots().await.unwrap().len(), 2_000);
        assert_eq!(client.connections().await.unwrap().limit, 100);
    }
    house.stopped().await;
}

#[tokio::test]
async fn a_problem_comes_back_as_the_failure_it_was() {
    let house = House::open();
    let mut client = house.client(&house.unix).await;
    let failure = client.release("3.4").await.unwrap_err();
    assert_eq!(failure.code(), Some(ProblemCode::LeaseEnded));
    assert_eq!(failure.chain(), "lease 3.4 has ended");
    assert_eq!(failure.hints(), ["acquire it again"]);
    assert_eq!(failure.details(), Some("two\nlines"));
    assert_eq!(client.release("no").await.unwrap_err().code(), Some(ProblemCode::UnknownLease));
    assert!(client.health().await.is_ok(), "a problem ends no connection");
    house.stopped().await;
}

#[tokio::test]
async fn a_service_that_is_gone_is_told() {
    let house = House::open();
    let mut client = house.client(&house.unix).await;
    let mut late = house.client(&house.tcp).await;
    client.health().await.unwrap();
    late.health().await.unwrap();
    let (unix, tcp) = (house.unix.clone(), house.tcp.clone());
    house.stopped().await;
    for client in [&mut client, &mut late] {
        for _ in 0..2 {
            let failure = client.health().await.unwrap_err();
            assert_eq!(failure.code(), Some(ProblemCode::ServerGone), "{}", failure.chain());
            assert!(failure.hints()[0].contains("seedbed ps"));
        }
    }
    for address in [unix, tcp, Address::Unix("/nowhere/api.sock".into())] {
        let failure = Client::connect(&address, &Secret::new("x")).await.err().unwrap();
        assert_eq!(failure.code(), Some(ProblemCode::ServerGone));
    }
    let token = Secret::new("a\nb");
    let failure = Client::connect(&Address::Unix("/x".into()), &token).await.err().unwrap();
    assert_eq!(failure.kind(), Kind::Config);
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_the_connection() {
    let house = House::open();
    let mut client = house.client(&house.unix).await;
    let request = Acquire { slot: Some(TAKEN.into()), ..Acquire::default() };
    tokio::select! {
        _ = client.acquire(&request) => unreachable!("nobody gets this slot"),
        () = house.recorder.wait_for(Note::Waits(0)) => {}
    }
    house.recorder.wait_for(Note::Ended(0)).await;
    let failure = client.health().await.unwrap_err();
    assert_eq!(failure.code(), Some(ProblemCode::ServerGone));
    house.stopped().await;
}
