//! `cargo xtask`: the chores of the house. One file per command; a command
//! takes its arguments and returns whether all is well.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a terminal tool of the house")]

mod bench;
mod dice;
mod dictionaries;
mod generate;
mod processes;
mod project;
mod python;
mod root;
mod runners;
mod snippets;
mod soak;
mod stage;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  tidy                  check the rules of the house that no compiler checks
  generate [--check]    write docs/reference from the program, or compare
  dictionaries [--check]
                        compile the lists that values are drawn from, or compare
  snippets              check the commands and files shown in README and guides
  test [--short]        every check and every test; the last line is the sum
  bench start|isolation|factories|python [--rounds N] [--json] [--check]
       [--no-peers] [--program FILE] [--short]
                        measure beside the limit and peers, in one call
  soak [chaos|cycles|all] [--rounds N | --minutes M] [--seed S]
       [--participant P] [--program FILE]
                        kill every participant, run for ever: nothing is left
  runners [NAME…]       the examples of test runners, each with its own workers
  python                the package for Python: lint, types, wheel, tests, examples
  soak leases [--rounds N] [--seed S] [--pg-version V] [--program FILE]
                        leases while somebody is killed: each is as its template
  soak rewind [--cycles N] [--pg-version V] [--program FILE]
                        leases, changes and resets: nothing grows with their number
  soak factories [--part N] [--schema FILE] [--pg-version V] [--program FILE]
                        the same rows made again, and by ten processes at once: once
  soak suite [--rounds N] [--seed S] [--program FILE]
                        the generated tests in random order, again and again
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<bool> {
    match words {
        ["tidy"] => tidy::run(),
        ["generate"] => generate::write(),
        ["generate", "--check"] => generate::check(),
        ["dictionaries"] => dictionaries::write(),
        ["dictionaries", "--check"] => dictionaries::check(),
        ["snippets"] => snippets::run(),
        ["test"] => test::run(test::Length::Full),
        ["test", "--short"] => test::run(test::Length::Short),
        ["bench", rest @ ..] => bench::run(rest),
        ["runners", names @ ..] => runners::run(names),
        ["python"] => Ok(python::run(test::Length::Full)?.is_good()),
        ["soak", rest @ ..] => soak::run(rest),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(true)
        }
        _ => {
            eprint!("{USAGE}");
            Ok(false)
        }
    }
}
