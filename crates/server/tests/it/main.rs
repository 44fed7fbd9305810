//! The server room against real tools and real servers.
#![expect(clippy::unwrap_used, reason = "a test's own steps fail it where they fail")]

mod binaries;
