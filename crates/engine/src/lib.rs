//! The façade: configuration, and what the surfaces ask for, as plain data.

pub mod config;
