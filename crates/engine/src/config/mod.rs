//! Configuration: where the project is, what it says, and where each value
//! came from.
//!
//! Layers, each over its predecessor: default < `seedbed.toml` < environment
//! (`SEEDBED_*`) < flag. All keys stand in one table, [`keys::KEYS`]; the
//! decoder, the warnings for unknown keys, the reference page, the JSON schema
//! and `config show` are made from it.
//!
//! Invariants: nothing outside this list of variables is read here (in particular
//! never `DATABASE_URL`, which may name production); a password in a URL is
//! never shown, neither by `config show` nor in an error.

pub mod keys;

mod cache_key;
mod choice;
mod decode;
mod discover;
mod document;
mod duration;
mod excerpt;
mod factories;
mod layers;
mod lease;
mod load;
mod misfit;
mod pattern;
mod read;
mod recipe;
mod redact;
mod root;
mod show;
mod suggest;
mod template;
mod value;

pub use choice::ServerChoice;
pub use layers::{Flags, Inputs};
pub use lease::Workers;
pub use load::Config;
pub use read::{MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES, read_globs, read_recipe};
pub use recipe::{RecipeChoice, RecipeSource};
pub use root::FILE_NAME;
pub use seedbed_server::binaries::SUPPORTED_MAJORS;
pub use show::Row;
pub use template::{PLACEHOLDERS, Template};
pub use value::{Origin, Value};

#[cfg(test)]
mod tests;
