//! Templates, clones and sweeps on real servers.

#![expect(clippy::unwrap_used, reason = "a test that meets an error fails by it")]

mod clones;
mod existing;
mod ground;
mod journal;
mod lease;
mod pool;
mod sweeps;
mod templates;
mod truncate;
