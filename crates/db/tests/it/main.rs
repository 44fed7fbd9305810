//! Sessions and scripts against a real server.

mod errors;
mod globals;
mod ground;
mod scripts;
mod sessions;
