//! Sessions and scripts against a real server.

#![expect(clippy::unwrap_used, reason = "a test that meets an error fails by it")]

mod errors;
mod factory;
mod globals;
mod ground;
mod introspect;
mod runner;
mod scripts;
mod sessions;
mod trains;
