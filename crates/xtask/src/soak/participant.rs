//! Who can be killed, when, and which process that is.

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use super::scene::SceneKind;
use crate::dice::Dice;
use crate::processes::{self, Process};

/// A process, or two, that take part in a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Participant {
    /// `seedbed run`.
    Run,
    /// The command it wraps.
    Command,
    /// The server's first process.
    Postmaster,
    /// Any of the server's other processes.
    Backend,
    /// The run's reaper.
    Reaper,
    /// Both, in either order, one shortly after the other.
    ReaperAndRun,
    /// `seedbed up` while it waits for the service.
    Up,
    /// `seedbed down`.
    Down,
    /// The service that `up` leaves running.
    Service,
    /// The service's reaper.
    ServiceReaper,
    /// Both, in either order, one shortly after the other.
    ServiceReaperAndService,
}

impl Participant {
    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Run,
        Self::Command,
        Self::Postmaster,
        Self::Backend,
        Self::Reaper,
        Self::ReaperAndRun,
        Self::Up,
        Self::Down,
        Self::Service,
        Self::ServiceReaper,
        Self::ServiceReaperAndService,
    ];

    /// Its word on the command line and in the report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Command => "command",
            Self::Postmaster => "postmaster",
            Self::Backend => "backend",
            Self::Reaper => "reaper",
            Self::ReaperAndRun => "reaper+run",
            Self::Up => "up",
            Self::Down => "down",
            Self::Service => "service",
            Self::ServiceReaper => "service-reaper",
            Self::ServiceReaperAndService => "service-reaper+service",
        }
    }

    /// The participant with this word.
    pub(crate) fn named(word: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|participant| participant.word() == word) {
            Some(participant) => Ok(participant),
            None => {
                bail!("no participant {word:?}; there are {}", Self::ALL.map(Self::word).join(", "))
            }
        }
    }

    /// What may be going on when it is killed, the usual more often.
    pub(crate) const fn scenes(self) -> &'static [SceneKind] {
        use SceneKind::{Cached, Cold, Down, OnUp, UpStart};
        match self {
            Self::Run => &[Cached, Cached, Cached, Cold, Cold, OnUp, OnUp],
            Self::Command => &[Cached, Cached, OnUp],
            Self::Postmaster | Self::Backend => {
                &[Cached, Cached, Cached, Cold, Cold, UpStart, OnUp]
            }
            Self::Reaper => &[Cached, Cached, Cold, OnUp],
            Self::ReaperAndRun => &[Cached, Cached, Cached, Cold, OnUp, OnUp],
            Self::Up => &[UpStart],
            Self::Down => &[Down],
            Self::Service | Self::ServiceReaper | Self::ServiceReaperAndService => {
                &[UpStart, OnUp, OnUp, Down]
            }
        }
    }

    /// Whether nobody is left who would clean up unasked.
    pub(crate) const fn takes_the_cleaner(self) -> bool {
        matches!(
            self,
            Self::Reaper | Self::ReaperAndRun | Self::ServiceReaper | Self::ServiceReaperAndService
        )
    }

    /// The processes to kill, first one first; none while they do not exist.
    /// `job` is what we started, `service` the process of a service, if any.
    pub(crate) fn find(
        self,
        scene: SceneKind,
        job: i32,
        service: Option<i32>,
        dice: &mut Dice,
    ) -> Vec<Process> {
        // Who owns the server.
        let owner = match scene {
            SceneKind::Cached | SceneKind::Cold => Some(job),
            SceneKind::UpStart => child(job, is_service),
            SceneKind::OnUp | SceneKind::Down => service,
        };
        let found = match self {
            Self::Run | Self::Up | Self::Down => vec![processes::of(job)],
            Self::Command => vec![child(job, is_command).and_then(processes::of)],
            Self::Postmaster => vec![postmaster(owner)],
            Self::Backend => {
                let backends = postmaster(owner).map(|one| processes::children(one.pid));
                let backends = backends.unwrap_or_default();
                vec![(!backends.is_empty()).then(|| dice.pick(&backends).clone())]
            }
            Self::Reaper => vec![reaper(Some(job))],
            Self::ReaperAndRun => vec![reaper(Some(job)), processes::of(job)],
            Self::Service => vec![owner.and_then(processes::of)],
            Self::ServiceReaper => vec![reaper(owner)],
            Self::ServiceReaperAndService => vec![reaper(owner), owner.and_then(processes::of)],
        };
        // All of them or nobody.
        let mut victims: Vec<Process> =
            found.into_iter().collect::<Option<_>>().unwrap_or_default();
        if dice.below(2) == 0 {
            victims.reverse();
        }
        victims
    }
}

fn child(of: i32, wanted: fn(&Process) -> bool) -> Option<i32> {
    processes::children(of).iter().find(|process| wanted(process)).map(|process| process.pid)
}

fn postmaster(owner: Option<i32>) -> Option<Process> {
    processes::children(owner?).into_iter().find(|process| process.name == "postgres")
}

fn reaper(owner: Option<i32>) -> Option<Process> {
    let is_reaper = |process: &Process| {
        process.words().get(1).is_some_and(|word| word == seedbed_server::REAPER_COMMAND)
    };
    processes::children(owner?).into_iter().find(is_reaper)
}

fn is_service(process: &Process) -> bool {
    process.words().iter().any(|word| word == "serve")
}

/// The wrapped command is neither a program of the server nor one of ours.
fn is_command(process: &Process) -> bool {
    !matches!(process.name.as_str(), "postgres" | "initdb" | "seedbed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_word_and_a_scene() {
        for participant in Participant::ALL {
            assert_eq!(Participant::named(participant.word()).unwrap(), participant);
            assert!(!participant.scenes().is_empty());
        }
    }

    #[test]
    fn nobody_is_found_where_nothing_runs() {
        let me = std::process::id().cast_signed();
        let mut dice = Dice::new(1);
        for participant in [Participant::Postmaster, Participant::Reaper, Participant::ReaperAndRun]
        {
            assert!(participant.find(SceneKind::Cached, me, None, &mut dice).is_empty());
        }
        assert_eq!(Participant::Run.find(SceneKind::Cached, me, None, &mut dice)[0].pid, me);
    }
}
