//! Real servers for this workspace's own tests, made with the server's own
//! tools only, so that a test never depends on the code it tests. Everything
//! here panics where a test could not go on.

mod account;
mod server;

pub use server::Server;
