//! The server room against real tools and real servers.

mod binaries;
