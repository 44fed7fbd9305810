//! Schemas read from real databases.

mod wide;
