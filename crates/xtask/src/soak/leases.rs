//! `cargo xtask soak leases`: holders take leases as fast as they can while
//! somebody is killed: a holder, the service, its server, a session's process.
//! Every hand-out is compared with the template by content; at the end of a
//! round nothing may be left.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use seedbed_server::Record;

use super::holding::{CLEAN, FAULT, WRONG};
use super::ledger::Ledger;
use super::theatre::Theatre;
use super::version;
use crate::dice::Dice;
use crate::processes::{self, Process};
use crate::root;

/// Rounds unless asked otherwise.
const ROUNDS: u64 = 100;
/// Holders at a time, more than there are slots.
const HOLDERS: u64 = 6;
const SLOTS: &str = "4";
/// How long holders live who are not killed.
const LIFE: Duration = Duration::from_secs(5);
/// The same in the short form.
const SHORT_LIFE: Duration = Duration::from_millis(1_500);
/// How long cleaning up may take after a kill.
const CLEAN_BOUND: Duration = Duration::from_secs(20);

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Holders,
    Service,
    Postmaster,
    Backend,
    Nobody,
}

const VICTIMS: [Victim; 8] = [
    Victim::Holders,
    Victim::Holders,
    Victim::Service,
    Victim::Service,
    Victim::Postmaster,
    Victim::Backend,
    Victim::Backend,
    Victim::Nobody,
];

/// Lines holders have said.
#[derive(Default)]
struct Heard {
    clean: u64,
    wrong: Vec<String>,
    faults: Vec<String>,
}

/// `cargo xtask soak leases [--rounds N] [--seed S] [--pg-version V] [--program FILE]`.
pub(crate) fn run(words: &[&str]) -> Result<bool> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (mut rounds, mut seed, mut version, mut program) = (ROUNDS, now % 1_000_000, None, None);
    for pair in words.chunks(2) {
        match pair {
            ["--rounds", value] => rounds = value.parse()?,
            ["--seed", value] => seed = value.parse()?,
            ["--pg-version", value] => version = Some(value.parse()?),
            ["--program", file] => program = Some(std::path::absolute(file)?),
            other => bail!("soak leases does not know {}", other.join(" ")),
        }
    }
    let program = program.map_or_else(root::seedbed_release, Ok)?;
    soak(&program, rounds, seed, version, LIFE)
}

/// The short form, for every push.
pub(crate) fn short() -> Result<bool> {
    soak(&root::seedbed()?, 4, 1, None, SHORT_LIFE)
}

fn soak(
    program: &Path,
    rounds: u64,
    seed: u64,
    version: Option<u16>,
    life: Duration,
) -> Result<bool> {
    let began = Instant::now();
    let mut stage = LeaseStage::open(program, version, life)?;
    let (mut clean, mut good) = (0, true);
    let mut killed: Vec<(Victim, u64)> = Vec::new();
    for round in 0..rounds {
        let mut dice = Dice::new(seed + round);
        let victim = *dice.pick(&VICTIMS);
        let heard = Arc::new(Mutex::new(Heard::default()));
        let outcome = stage.round(victim, &mut dice, &heard);
        let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(|it| it.into_inner()));
        clean += heard.clean;
        match killed.iter_mut().find(|(one, _)| *one == victim) {
            Some((_, count)) => *count += 1,
            None => killed.push((victim, 1)),
        }
        let faults = heard.wrong.iter().chain(&heard.faults).cloned();
        let faults: Vec<String> =
            faults.chain(outcome.err().map(|error| format!("{error:#}"))).collect();
        if !faults.is_empty() {
            good = false;
            println!(
                "FAIL {victim:?}: {}\n  again: cargo xtask soak leases --seed {} --rounds 1",
                faults.join("\n  "),
                seed + round
            );
            stage.theatre.stage.keep();
            stage = LeaseStage::open(program, version, life)?;
        }
    }
    let kills: Vec<String> = killed.iter().map(|(who, count)| format!("{who:?} {count}")).collect();
    println!(
        "leases: PostgreSQL {}, seed {seed}, {rounds} rounds ({}), {clean} databases compared, {}, took {} s",
        stage.version,
        kills.join(", "),
        if good { "all as their template, nothing left" } else { "FAILED" },
        began.elapsed().as_secs()
    );
    Ok(good && clean > rounds)
}

struct LeaseStage {
    theatre: Theatre,
    ledger: Ledger,
    life: Duration,
    /// What the template holds, as a plain run sees it.
    digest: String,
    version: String,
    server: Vec<String>,
}

impl LeaseStage {
    fn open(program: &Path, version: Option<u16>, life: Duration) -> Result<Self> {
        let theatre = Theatre::open(program, false)?;
        let server = version::provide(&theatre.stage, version)?;
        let ledger = Ledger::open(&theatre.stage, false)?;
        let mut stage =
            Self { theatre, ledger, life, digest: String::new(), version: String::new(), server };
        let words: Vec<&str> = ["run"]
            .into_iter()
            .chain(stage.server.iter().map(String::as_str))
            .chain(["--", "sh", "-c", "\"$0\" soak holder digest && echo $SEEDBED_SERVER_VERSION"])
            .collect();
        let mut command = stage.theatre.words(&words);
        let output = command.arg(stage.theatre.client()).stdout(Stdio::piped()).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = text.lines().map(str::to_owned);
        let (Some(digest), Some(version)) = (lines.next(), lines.next()) else {
            bail!("an undisturbed run said {text:?} and ended with {}", output.status);
        };
        (stage.digest, stage.version) = (digest, version);
        Ok(stage)
    }

    /// Plays one round; what holders say goes to `heard`.
    fn round(&self, victim: Victim, dice: &mut Dice, heard: &Arc<Mutex<Heard>>) -> Result<()> {
        if dice.below(2) == 0 {
            self.on_up(victim, dice, heard).context("on a server that is up")
        } else {
            self.in_run(victim, dice, heard).context("in a run")
        }
    }

    /// Holders beside each other, of the service of `up`.
    fn on_up(&self, victim: Victim, dice: &mut Dice, heard: &Arc<Mutex<Heard>>) -> Result<()> {
        let mut words = vec!["up", "--workers", SLOTS];
        words.extend(self.server.iter().map(String::as_str));
        self.theatre.succeed("up", self.theatre.words(&words))?;
        let record = self.theatre.service()?.context("no service is up")?;
        let mut holders: Vec<Said> = (0..HOLDERS)
            .map(|_| Said::spawn(self.holder(&record, dice.roll())?, heard))
            .collect::<Result<_>>()?;
        await_first(heard);
        wait(dice.within(self.life));
        match victim {
            Victim::Holders => {
                for holder in holders.iter_mut().skip(1) {
                    holder.child.kill()?;
                }
            }
            other => kill(other, record.owner.pid, dice),
        }
        for holder in &mut holders {
            holder.end()?;
        }
        if matches!(victim, Victim::Service | Victim::Postmaster) {
            self.wait_clean(None)?;
        } else {
            // Everybody's leases have ended: all slots are as the template.
            Said::spawn(self.holder(&record, dice.roll())?, heard)?.end()?;
            self.theatre.succeed("down", self.theatre.words(&["down"]))?;
        }
        self.theatre.succeed("gc", self.theatre.words(&["gc"]))?;
        self.wait_clean(None)
    }

    /// Holders as children of a run with workers.
    fn in_run(&self, victim: Victim, dice: &mut Dice, heard: &Arc<Mutex<Heard>>) -> Result<()> {
        let mut words = vec!["run", "--workers", SLOTS];
        words.extend(self.server.iter().map(String::as_str));
        words.extend(["--", "sh", "-c", "s=$1; for n in 1 2 3 4 5 6; do \"$0\" soak holder $((s + n)) \"$2\" \"$3\" & done; wait"]);
        let mut command = self.theatre.words(&words);
        let seed = (dice.below(1 << 30)).to_string();
        command.arg(self.theatre.client()).args([
            &seed,
            &self.life.as_millis().to_string(),
            &self.digest,
        ]);
        let mut job = Said::spawn(command, heard)?;
        await_first(heard);
        wait(dice.within(self.life));
        let run = job.child.id().cast_signed();
        match victim {
            Victim::Holders => {
                let all = processes::family(run).into_iter().filter_map(processes::of);
                for holder in
                    all.filter(|one| one.words().iter().any(|word| word == "holder")).skip(1)
                {
                    strike(&holder);
                }
            }
            other => kill(other, run, dice),
        }
        let status = job.end()?;
        if victim != Victim::Service && !status.success() {
            bail!("the run ended with {status}");
        }
        self.wait_clean(None)
    }

    fn holder(&self, record: &Record, seed: u64) -> Result<Command> {
        let api = record.service.as_ref().and_then(|service| service.api.as_ref());
        let api = api.context("the service has no lease service")?;
        let mut command = Command::new(self.theatre.client());
        command
            .args([
                "soak",
                "holder",
                &seed.to_string(),
                &self.life.as_millis().to_string(),
                &self.digest,
            ])
            .env("SEEDBED_API_SOCKET", &api.socket)
            .env("SEEDBED_TOKEN", &api.token)
            .stdin(Stdio::null());
        Ok(command)
    }

    fn wait_clean(&self, service: Option<&Record>) -> Result<()> {
        let mut last = Vec::new();
        let clean = seedbed_server::until(CLEAN_BOUND, Duration::from_millis(20), || {
            last = self.ledger.leaks(service);
            last.is_empty().then_some(())
        });
        clean.with_context(|| format!("left after {CLEAN_BOUND:?}: {}", last.join("; ")))
    }
}

/// A process whose lines are gathered.
struct Said {
    child: Child,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Said {
    fn spawn(mut command: Command, heard: &Arc<Mutex<Heard>>) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("a holder has no output")?;
        let heard = Arc::clone(heard);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut heard = heard.lock().unwrap_or_else(|it| it.into_inner());
                if line.starts_with(CLEAN) {
                    heard.clean += 1;
                } else if line.starts_with(WRONG) {
                    heard.wrong.push(line);
                } else if line.starts_with(FAULT) {
                    heard.faults.push(line);
                }
            }
        });
        Ok(Self { child, reader: Some(reader) })
    }

    fn end(&mut self) -> Result<std::process::ExitStatus> {
        let status =
            seedbed_server::until(Duration::from_secs(60), Duration::from_millis(5), || {
                self.child.try_wait().transpose()
            });
        let Some(status) = status else { bail!("process {} does not end", self.child.id()) };
        if let Some(reader) = self.reader.take()
            && reader.join().is_err()
        {
            bail!("a reader panicked");
        }
        Ok(status?)
    }
}

/// Kills one of the processes around a service.
fn kill(victim: Victim, service: i32, dice: &mut Dice) {
    let postmaster = processes::children(service).into_iter().find(|one| one.name == "postgres");
    let found = match victim {
        Victim::Service => processes::of(service),
        Victim::Postmaster => postmaster,
        Victim::Backend => {
            let backends = postmaster.map(|one| processes::children(one.pid)).unwrap_or_default();
            (!backends.is_empty()).then(|| dice.pick(&backends).clone())
        }
        Victim::Holders | Victim::Nobody => None,
    };
    if let Some(process) = found {
        strike(&process);
    }
}

fn strike(process: &Process) {
    if let Some(id) = process.id() {
        id.signal(Signal::KILL);
    }
}

/// Waits until somebody has a lease: before that there is nothing to disturb.
fn await_first(heard: &Mutex<Heard>) {
    let look = || (heard.lock().unwrap_or_else(|it| it.into_inner()).clean > 0).then_some(());
    // A round without a single lease is told by its figures.
    let _ = seedbed_server::until(CLEAN_BOUND, Duration::from_millis(5), look);
}

fn wait(time: Duration) {
    let end = Instant::now() + time;
    while let Some(rest) = end.checked_duration_since(Instant::now()) {
        seedbed_server::pause(rest);
    }
}
