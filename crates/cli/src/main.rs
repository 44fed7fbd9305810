//! `seedbed`: gives any test command its own real PostgreSQL database.
//!
//! This crate talks to people: arguments, colour, progress, exit codes. What
//! is done lies in `seedbed-engine`.

mod args;
mod commands;
mod door;
mod json;
mod printer;
mod progress;
mod reference;
mod reporter;
mod summary;
mod table;

fn main() -> std::process::ExitCode {
    commands::main()
}
