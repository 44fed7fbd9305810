//! One round of chaos: a scene, a kill at a random moment, and then proof
//! that nothing is left and that the next run works.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use seedbed_server::{ProcessId, Record};

use super::evidence;
use super::lane::Order;
use super::ledger::Ledger;
use super::participant::Participant;
use super::report::Outcome;
use super::scene::SceneKind;
use super::theatre::{Job, Theatre};
use crate::dice::Dice;
use crate::processes::Process;

/// How long cleaning up may take after a kill.
const CLEAN_BOUND: Duration = Duration::from_secs(10);
/// Between two kills of one round.
const GAP: Duration = Duration::from_millis(60);
/// Pause between two looks for a victim that does not exist yet.
const LOOK: Duration = Duration::from_millis(1);

/// A theatre and how long each scene takes there when nobody is killed.
pub(crate) struct Rounds {
    theatre: Theatre,
    ledger: Ledger,
    lengths: BTreeMap<SceneKind, Duration>,
}

impl Rounds {
    /// Opens a theatre and plays each scene once undisturbed.
    pub(crate) fn open(program: &Path, private: bool) -> Result<Self> {
        let theatre = Theatre::open(program, private)?;
        let ledger = Ledger::open(&theatre.stage, private)?;
        let mut rounds = Self { theatre, ledger, lengths: BTreeMap::new() };
        // Cold first: the others find its image.
        for scene in [SceneKind::Cold].into_iter().chain(SceneKind::ALL) {
            rounds.theatre.set(scene)?;
            let began = Instant::now();
            let status = rounds.theatre.start(scene, false)?.end()?;
            if !status.success() {
                bail!(
                    "an undisturbed {} ended with {status}: {}",
                    scene.word(),
                    rounds.theatre.said()
                );
            }
            rounds.lengths.insert(scene, began.elapsed());
        }
        Ok(rounds)
    }

    /// The same on a new stage; the old one is kept for whoever looks into it.
    pub(crate) fn afresh(mut self, order: &Order) -> Result<Self> {
        self.theatre.stage.keep();
        drop(self);
        Self::open(&order.program, order.private)
    }

    /// Plays a round.
    pub(crate) fn play(&mut self, participant: Participant, seed: u64) -> (SceneKind, Outcome) {
        let mut dice = Dice::new(seed ^ ((participant as u64) << 32));
        let scene = *dice.pick(participant.scenes());
        let outcome = match self.disturb(participant, scene, &mut dice) {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Fault(format!(
                "{}\n  stage: {}\n  again: cargo xtask soak chaos --participant {} --seed {seed} --rounds 1",
                evidence::gather(&format!("{error:#}"), &self.theatre),
                self.theatre.stage.dir().display(),
                participant.word(),
            )),
        };
        (scene, outcome)
    }

    fn disturb(
        &self,
        participant: Participant,
        scene: SceneKind,
        dice: &mut Dice,
    ) -> Result<Outcome> {
        let service = self.theatre.set(scene).context("before the round")?;
        let length = self.lengths.get(&scene).copied().unwrap_or_default();
        let moment = Instant::now() + dice.within(length * 11 / 10);
        // Only a cleaner can find a process that left the command's group.
        let daemon = matches!(participant, Participant::Run | Participant::ReaperAndRun);
        let mut job = self.theatre.start(scene, daemon)?;
        let server = service.as_ref().map(|record| record.owner.pid);
        let killed = kill(participant, scene, &mut job, server, moment, dice)?;
        let struck = Instant::now();
        let status = job.end().context("after the kill")?;
        if killed == 0 {
            if !status.success() {
                bail!("nobody was killed, but the job ended with {status}");
            }
            self.settle(scene)?;
            return Ok(Outcome::Missed);
        }
        if let Some(line) = self.theatre.said().lines().find(|line| is_bug(line)) {
            bail!("a bug was reported: {line}");
        }
        if participant.takes_the_cleaner() {
            self.wait_free()?;
            if dice.below(2) == 0 {
                self.theatre.succeed("gc", self.theatre.words(&["gc"]))?;
            } else {
                self.theatre.run().context("as the next command")?;
            }
        }
        let service = self.wait_clean().context("after the kill")?;
        let took = struck.elapsed();
        self.theatre.succeed("gc", self.theatre.words(&["gc"]))?;
        self.wait_gone()?;
        self.theatre.run().context("after the round")?;
        self.wait_clean().context("after the next run")?;
        if let Some(record) = &service {
            fail_on("on the server", &self.ledger.database_leaks(record)?)?;
        }
        self.settle(scene)?;
        Ok(Outcome::Good { kills: killed, took })
    }

    /// Waits until those who were killed hold no lock any more: they may not
    /// be quite dead, and a child that was being forked when its parent was
    /// killed shares its locks for the moment until it executes.
    fn wait_free(&self) -> Result<()> {
        let folders = self.theatre.stage.folders()?;
        let free = seedbed_server::until(CLEAN_BOUND, LOOK, || {
            let locked = seedbed_server::living(&folders);
            locked.iter().all(|record| record.owner.alive()).then_some(())
        });
        free.context("somebody who was killed still holds a lock")
    }

    /// Waits until what only `gc` removes is gone; a service that is just
    /// beginning or ending looks alike for a moment.
    fn wait_gone(&self) -> Result<()> {
        let mut last = Vec::new();
        let gone = seedbed_server::until(CLEAN_BOUND, Duration::from_millis(20), || {
            last = self.ledger.leaks_after_gc();
            last.is_empty().then_some(())
        });
        gone.with_context(|| format!("left by gc: {}", last.join("; ")))
    }

    /// Waits until nothing is there but a service that lives, which is returned.
    fn wait_clean(&self) -> Result<Option<Record>> {
        let mut last = Vec::new();
        let clean = seedbed_server::until(CLEAN_BOUND, Duration::from_millis(20), || {
            match self.clean_service() {
                Ok(service) => Some(service),
                Err(leaks) => {
                    last = leaks;
                    None
                }
            }
        });
        match clean {
            Some(service) => Ok(service),
            None => bail!("left after {CLEAN_BOUND:?}: {}", last.join("; ")),
        }
    }

    fn clean_service(&self) -> Result<Option<Record>, Vec<String>> {
        let service = self.theatre.service().map_err(|error| vec![format!("{error:#}")])?;
        let leaks = self.ledger.leaks(service.as_ref());
        if !leaks.is_empty() {
            return Err(leaks);
        }
        // One whose server was killed notices soon; until then it is no service.
        if let Some(record) = &service {
            self.ledger.database_leaks(record).map_err(|error| vec![format!("{error:#}")])?;
        }
        Ok(service)
    }

    /// After scenes that start or end a service there is none.
    fn settle(&self, scene: SceneKind) -> Result<()> {
        if matches!(scene, SceneKind::UpStart | SceneKind::Down) {
            self.theatre.succeed("down", self.theatre.words(&["down"]))?;
            self.wait_clean().context("after down")?;
        }
        Ok(())
    }
}

/// Waits for the moment, then for the victim; kills it. Returns how many
/// processes were killed: none if the job was over first.
fn kill(
    participant: Participant,
    scene: SceneKind,
    job: &mut Job,
    service: Option<i32>,
    moment: Instant,
    dice: &mut Dice,
) -> Result<u64> {
    loop {
        let ended = job.has_ended()?;
        if Instant::now() >= moment {
            let victims = participant.find(scene, job.pid(), service, dice);
            let ids: Vec<ProcessId> = victims.iter().filter_map(Process::id).collect();
            if !ids.is_empty() && ids.len() == victims.len() {
                return Ok(strike(&ids, dice));
            }
        }
        if ended {
            return Ok(0);
        }
        seedbed_server::pause(LOOK);
    }
}

fn strike(victims: &[ProcessId], dice: &mut Dice) -> u64 {
    let mut killed = 0;
    for (index, victim) in victims.iter().enumerate() {
        if index > 0 {
            let gap = Instant::now() + dice.within(GAP);
            while let Some(rest) = gap.checked_duration_since(Instant::now()) {
                seedbed_server::pause(rest);
            }
        }
        killed += u64::from(victim.signal(Signal::KILL));
    }
    killed
}

/// What the program says when it is itself at fault.
fn is_bug(line: &str) -> bool {
    line.contains("panicked at") || line.contains("\"kind\":\"bug\"")
}

fn fail_on(place: &str, leaks: &[String]) -> Result<()> {
    if leaks.is_empty() {
        return Ok(());
    }
    bail!("{place}: {}", leaks.join("; "))
}
