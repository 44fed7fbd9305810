//! Exit codes. They are API: scripts test them, so a number never changes its
//! meaning. The wrapped command's own code passes through `seedbed run`
//! unchanged; Seedbed's own codes therefore sit where `env`, `timeout` and
//! container engines already put theirs (120–127).

/// How a `seedbed` process ends when the wrapped command does not decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// All went well.
    Success = 0,
    /// The command line could not be understood (clap's convention).
    Usage = 2,
    /// A configuration file, recipe or argument cannot be used as it is.
    Input = 120,
    /// No database server could be found, fetched or started.
    Server = 121,
    /// A migration, dump, command or seed failed while building the schema.
    Build = 122,
    /// Refused for safety: the target is not ours and not clearly for tests.
    Refused = 123,
    /// A bounded wait ran out.
    Timeout = 124,
    /// Seedbed's environment failed: disk full, folder unwritable, a bug.
    Environment = 125,
    /// The wrapped command exists but cannot be executed.
    NotExecutable = 126,
    /// The wrapped command does not exist.
    NotFound = 127,
}

impl ExitCode {
    /// Every code with the sentence the reference prints for it.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Success, "All went well."),
        (Self::Usage, "The command line could not be understood."),
        (Self::Input, "A configuration file, recipe or argument cannot be used as it is."),
        (Self::Server, "No database server could be found, fetched or started."),
        (Self::Build, "A migration, dump, command or seed failed while building the schema."),
        (Self::Refused, "Refused for safety: the target is not ours and not clearly for tests."),
        (Self::Timeout, "A bounded wait ran out."),
        (Self::Environment, "The environment failed: disk full, folder unwritable, or a bug."),
        (Self::NotExecutable, "The wrapped command exists but cannot be executed."),
        (Self::NotFound, "The wrapped command does not exist."),
    ];

    /// The number the process ends with.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_frozen() {
        let numbers: Vec<u8> = ExitCode::ALL.iter().map(|(code, _)| code.number()).collect();
        assert_eq!(numbers, [0, 2, 120, 121, 122, 123, 124, 125, 126, 127]);
    }
}
