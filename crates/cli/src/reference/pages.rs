//! The list of pages.

use super::{cli, config, environment, exit_codes, openapi, plan, schema};

/// File names with their contents.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("cli.md", cli::page()),
        ("config.md", config::page()),
        ("environment.md", environment::page()),
        ("exit-codes.md", exit_codes::page()),
        ("openapi.json", openapi::page()),
        ("plan.schema.json", plan::page()),
        ("seedbed.schema.json", schema::page()),
    ]
}

/// The first line of every page.
pub(super) fn header(source: &str) -> String {
    format!("<!-- Generated from {source} by `cargo xtask generate`; do not edit. -->\n\n")
}
