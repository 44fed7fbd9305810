//! Plans of the conformance kit.

#![expect(clippy::unwrap_used, reason = "a test that meets an error fails by it")]

mod forms;
mod plans;
