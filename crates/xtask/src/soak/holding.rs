//! `cargo xtask soak holder …`: a client of a lease service that takes leases,
//! checks each, makes a mess and gives it back, as long as it lives. It says a
//! line for each thing that happened, since it may be killed any moment.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use seedbed_api::lease::{Acquire, HolderKind, Lease, MarkRequest, ProblemCode, Rewind};
use seedbed_api::{Failure, Secret};
use seedbed_db::{Session, Target};
use seedbed_httpd::{Address, Client};

use super::{client, digest};
use crate::dice::Dice;

/// How long a server may keep it waiting; a crash's recovery is included.
const BOUND: Duration = Duration::from_secs(10);
/// How long it waits for a slot.
const PATIENCE_MS: u64 = 20_000;
/// Pause after a failure: the server or the service may be gone.
const PAUSE: Duration = Duration::from_millis(20);

/// Said for a hand-out that was as the template.
pub(crate) const CLEAN: &str = "clean";
/// Said for one that was not.
pub(crate) const WRONG: &str = "WRONG";
/// Said for a failure that nobody's death explains.
pub(crate) const FAULT: &str = "FAULT";

/// Where a lease service is.
#[derive(Clone)]
pub(crate) struct Place {
    address: Address,
    token: Secret,
}

impl Place {
    /// At a unix socket.
    pub(crate) fn new(socket: PathBuf, token: &str) -> Self {
        Self { address: Address::Unix(socket), token: Secret::new(token) }
    }

    /// The one around us.
    pub(crate) fn around() -> Result<Self> {
        let variable = |name| std::env::var(name).with_context(|| format!("{name} is not set"));
        Ok(Self::new(variable("SEEDBED_API_SOCKET")?.into(), &variable("SEEDBED_TOKEN")?))
    }

    /// A connection, which is a holder.
    pub(crate) async fn connect(&self) -> Result<Client, Failure> {
        Client::connect(&self.address, &self.token).await
    }
}

/// `cargo xtask soak holder SEED MILLISECONDS DIGEST`, or `digest` to print the
/// digest of the database in the environment.
pub(crate) fn run(words: &[&str]) -> Result<bool> {
    let runtime = client::runtime()?;
    match words {
        ["digest"] => {
            let url = std::env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
            let found = runtime.block_on(async {
                let session = Session::connect(&Target::parse(&url)?, "soak", BOUND).await?;
                digest::of(&session).await
            })?;
            println!("{found}");
        }
        [seed, milliseconds, digest] => {
            let until = Instant::now() + Duration::from_millis(milliseconds.parse()?);
            let mut holder = Holder {
                place: Place::around()?,
                dice: Dice::new(seed.parse()?),
                digest: (*digest).to_owned(),
            };
            runtime.block_on(holder.live(until));
        }
        _ => bail!("soak holder does not know {}", words.join(" ")),
    }
    Ok(true)
}

struct Holder {
    place: Place,
    dice: Dice,
    /// What the template holds.
    digest: String,
}

impl Holder {
    async fn live(&mut self, until: Instant) {
        while Instant::now() < until {
            if let Err(error) = self.visit(until).await {
                tell(&error);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Some leases on one connection.
    async fn visit(&mut self, until: Instant) -> Result<()> {
        let mut client = self.place.connect().await?;
        for _ in 0..=self.dice.below(8) {
            if Instant::now() >= until {
                break;
            }
            let worker = (self.dice.below(2) == 0).then(|| format!("gw{}", self.dice.below(9)));
            let request = Acquire {
                worker,
                holder: HolderKind::Connection,
                wait_ms: Some(PATIENCE_MS),
                ..Acquire::default()
            };
            let lease = client.acquire(&request).await?;
            self.use_up(&mut client, &lease).await?;
            // A goodbye, or another lease beside it, or the connection's end.
            match self.dice.below(6) {
                0 => return Ok(()),
                _ => drop(client.release(&lease.lease).await?),
            }
        }
        Ok(())
    }

    async fn use_up(&mut self, client: &mut Client, lease: &Lease) -> Result<()> {
        self.check(lease, "hand-out").await?;
        let session = connect(lease).await?;
        self.spoil(&session, "run").await?;
        let marked = self.dice.below(2) == 0;
        if marked {
            session.batch("ROLLBACK").await?;
            // Before the mark: a crash after it may take what was just written.
            let shared = digest::of(&session).await?;
            let mark = client.mark(&lease.lease, &MarkRequest::default()).await?.mark;
            self.spoil(&session, "test").await?;
            let rewind = Rewind { mark: Some(mark.clone()), ..Rewind::default() };
            let rewound = client.rewind(&lease.lease, &rewind).await?;
            let session = connect(lease).await?;
            if !rewound.marks_lost && digest::of(&session).await? != shared {
                println!("{WRONG} mark {mark}: {rewound:?}");
            }
        }
        if self.dice.below(2) == 0 {
            let rewind = Rewind { mark: Some(lease.mark.clone()), ..Rewind::default() };
            client.rewind(&lease.lease, &rewind).await?;
            self.check(lease, "rewind").await?;
            let session = connect(lease).await?;
            self.spoil(&session, "after").await?;
        }
        Ok(())
    }

    async fn check(&self, lease: &Lease, when: &str) -> Result<()> {
        let session = connect(lease).await?;
        let found = digest::of(&session).await?;
        if found == self.digest {
            println!("{CLEAN} {when} {}", lease.lease);
        } else {
            println!("{WRONG} {when} {}: {found}", lease.lease);
        }
        session.close().await;
        Ok(())
    }

    /// What a test may do, sometimes more than a rewind can take back.
    async fn spoil(&mut self, session: &Session, word: &str) -> Result<()> {
        let (table, other) = (self.dice.below(30) + 1, self.dice.below(29) + 2);
        let salt = self.dice.roll();
        let sql = match self.dice.below(12) {
            0 => format!("CREATE TABLE public.made_{salt} (x int)"),
            1 => format!("ALTER TABLE public.t{table} ADD COLUMN c{salt} int DEFAULT 1"),
            2 => format!("TRUNCATE public.t{table} RESTART IDENTITY CASCADE"),
            3 => format!("BEGIN; INSERT INTO public.t1 (name) VALUES ('open {salt}')"),
            4 => "SELECT lo_from_bytea(0, 'x')".to_owned(),
            _ => format!(
                "INSERT INTO public.t1 (name) SELECT '{word} {salt} ' || n FROM generate_series(1, 9) n; \
                 UPDATE public.t{table} SET amount = 7; DELETE FROM public.t{other} WHERE id % 3 = 0"
            ),
        };
        session.batch(&sql).await?;
        Ok(())
    }
}

async fn connect(lease: &Lease) -> Result<Session> {
    Ok(Session::connect(&Target::parse(&lease.url)?, "soak", BOUND).await?)
}

/// Says a failure that nobody's death explains.
fn tell(error: &anyhow::Error) {
    let Some(failure) = error.downcast_ref::<Failure>() else {
        println!("{FAULT} {error:#}");
        return;
    };
    let expected = [ProblemCode::ServerGone, ProblemCode::Ending, ProblemCode::LeaseEnded];
    let lost = match failure.code() {
        Some(code) => expected.contains(&code),
        // A session, or the way to the server.
        None => !matches!(failure.kind(), seedbed_api::Kind::Bug),
    };
    if !lost {
        println!("{FAULT} {}", failure.chain());
    }
}
