//! Tests that commit, each with a database to itself.

mod lease;
mod rows;
mod sign_up;
mod team;
mod transfers;
