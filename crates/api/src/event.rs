//! What happens while Seedbed works: one closed set of events that feeds the
//! progress bar, the JSON lines and the closing line alike.

use serde::{Deserialize, Serialize};

/// Where the time of a run goes. The closing line has one figure for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Looking for server binaries, fetching them if need be.
    Fetch,
    /// Creating the base cluster (`initdb`), once per machine.
    Initdb,
    /// Copying the cluster and starting the postmaster.
    Start,
    /// Building the schema: migrations, dump, command, seeds.
    Migrate,
    /// Cloning the template.
    Clone,
    /// The wrapped command.
    Command,
    /// Ending the server and removing every file.
    CleanUp,
}

impl Phase {
    /// Every phase in the order it happens.
    pub const ALL: [Self; 7] = [
        Self::Fetch,
        Self::Initdb,
        Self::Start,
        Self::Migrate,
        Self::Clone,
        Self::Command,
        Self::CleanUp,
    ];

    /// The word a person reads.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Initdb => "initdb",
            Self::Start => "start",
            Self::Migrate => "migrate",
            Self::Clone => "clone",
            Self::Command => "command",
            Self::CleanUp => "clean-up",
        }
    }
}

/// Microseconds spent in each phase, in the order of [`Phase::ALL`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Time spent fetching, in microseconds.
    pub fetch_us: u64,
    /// Time spent in `initdb`, in microseconds.
    pub initdb_us: u64,
    /// Time until the server answered, in microseconds.
    pub start_us: u64,
    /// Time spent building the schema, in microseconds.
    pub migrate_us: u64,
    /// Time spent cloning, in microseconds.
    pub clone_us: u64,
    /// Time the wrapped command took, in microseconds.
    pub command_us: u64,
    /// Time spent cleaning up, in microseconds.
    pub clean_up_us: u64,
}

impl Phases {
    /// The field of a phase.
    pub fn of_mut(&mut self, phase: Phase) -> &mut u64 {
        match phase {
            Phase::Fetch => &mut self.fetch_us,
            Phase::Initdb => &mut self.initdb_us,
            Phase::Start => &mut self.start_us,
            Phase::Migrate => &mut self.migrate_us,
            Phase::Clone => &mut self.clone_us,
            Phase::Command => &mut self.command_us,
            Phase::CleanUp => &mut self.clean_up_us,
        }
    }

    /// Microseconds spent in a phase.
    #[must_use]
    pub fn of(&self, phase: Phase) -> u64 {
        match phase {
            Phase::Fetch => self.fetch_us,
            Phase::Initdb => self.initdb_us,
            Phase::Start => self.start_us,
            Phase::Migrate => self.migrate_us,
            Phase::Clone => self.clone_us,
            Phase::Command => self.command_us,
            Phase::CleanUp => self.clean_up_us,
        }
    }
}

/// One thing that happened. Serialised as one JSON line with `event` as tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A phase began; `detail` says on what.
    Started {
        /// Which phase.
        phase: Phase,
        /// On what: a package, a version, a folder.
        detail: String,
    },
    /// A long phase moved on.
    Progress {
        /// Which phase.
        phase: Phase,
        /// Units done, counted from 1.
        done: u64,
        /// Units in all; 0 where unknown.
        total: u64,
        /// The unit just begun or done: a migration's name, a file.
        detail: String,
        /// How long that unit took, in microseconds, if it is done.
        took_us: Option<u64>,
    },
    /// A phase ended.
    Finished {
        /// Which phase.
        phase: Phase,
        /// Its duration in microseconds.
        took_us: u64,
    },
    /// Something a careful person would want to know; nothing is wrong.
    Notice {
        /// One sentence.
        message: String,
    },
    /// Something is odd but work goes on.
    Warning {
        /// One sentence.
        message: String,
        /// A line to paste, if there is one.
        hint: Option<String>,
    },
    /// The command is about to start with this database.
    Ready {
        /// Kind of server: `local`, `embedded`, `existing`.
        server: String,
        /// Server version, such as `15.18`.
        version: String,
        /// Database name.
        database: String,
        /// Whether the server was already running (`seedbed up`).
        reused: bool,
    },
    /// A database was kept for a person to look at.
    Kept {
        /// Its name, for `seedbed kept open`.
        name: String,
        /// Identity of the test whose data it holds.
        test: Option<String>,
    },
    /// The end of a run, with its times.
    Summary {
        /// Where the time went.
        phases: Phases,
        /// The command's exit code, or 128+n for a signal.
        exit_code: Option<i32>,
    },
    /// The end of a run that failed by itself.
    Failed {
        /// The stable word of the failure's kind.
        kind: String,
        /// The message with its causes.
        message: String,
        /// Lines under the message, such as an excerpt.
        detail: Option<String>,
        /// What to do about it.
        hints: Vec<String>,
        /// The exit code of this process.
        exit_code: u8,
    },
}

/// Receives events. Implemented by the surfaces; calls must not block for long.
pub trait Listener: Send + Sync {
    /// Takes one event.
    fn on(&self, event: &Event);

    /// Shorthand for [`Event::Notice`].
    fn notice(&self, message: String) {
        self.on(&Event::Notice { message });
    }

    /// Shorthand for [`Event::Warning`].
    fn warning(&self, message: String, hint: Option<String>) {
        self.on(&Event::Warning { message, hint });
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Listener for Silent {
    fn on(&self, _event: &Event) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_flat_tagged_json() {
        let event = Event::Started { phase: Phase::CleanUp, detail: "server".into() };
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"event":"started","phase":"clean_up","detail":"server"}"#
        );
    }

    #[test]
    fn every_phase_has_its_own_field() {
        let mut phases = Phases::default();
        for (index, phase) in Phase::ALL.into_iter().enumerate() {
            *phases.of_mut(phase) = index as u64 + 1;
        }
        for (index, phase) in Phase::ALL.into_iter().enumerate() {
            assert_eq!(phases.of(phase), index as u64 + 1);
        }
    }
}
