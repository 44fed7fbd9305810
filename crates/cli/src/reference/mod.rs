//! The reference pages, generated from the tables the program itself uses, so
//! that they cannot say anything else than it does.

mod cli;
mod config;
mod environment;
mod exit_codes;
mod schema;

/// File names with their contents.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("cli.md", cli::page()),
        ("config.md", config::page()),
        ("environment.md", environment::page()),
        ("exit-codes.md", exit_codes::page()),
        ("seedbed.schema.json", schema::page()),
    ]
}

/// The first line of every page.
fn header(source: &str) -> String {
    format!("<!-- Generated from {source} by `cargo xtask generate`; do not edit. -->\n\n")
}
