//! The lease service over HTTP/1.1 and JSON, on a unix socket and on loopback
//! TCP, and the client our own programs use.
//!
//! *Invariants*: no request is answered without the token; a connection is a
//! holder, and its end is told to the service exactly once; a client can slow
//! down, fill or leave nothing but its own connection.

mod address;
mod aside;
mod ask;
mod body;
mod calls;
mod client;
mod connection;
mod desk;
mod door;
mod gate;
mod handler;
mod lease_name;
mod limits;
mod line;
mod openapi;
mod payload;
mod peer;
mod reply;
mod route;
mod seat;
mod serve;
mod socket_file;
mod stream;
mod token;
mod wire;

pub use address::Address;
pub use ask::{Answer, Ask};
pub use client::Client;
pub use door::Door;
pub use limits::Limits;
pub use openapi::openapi;
pub use serve::Serve;
pub use token::fresh_token;
