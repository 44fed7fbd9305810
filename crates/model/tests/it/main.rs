//! The room against real servers.
