//! The lease service of a process: one thread with a runtime of its own, so
//! that it answers while the process waits for its command.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use seedbed_api::{Context, Event, Failure, Kind, Listener, Result, Secret};
use seedbed_isolation::{LeasePlan, Leases, SlotTargets};
use seedbed_server::Api;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::descriptors::Descriptors;
use crate::door::{Door, OpenDoor};
use crate::factories::{Factories, Requests, Services};
use crate::runtime;

/// Name of the socket in the folder of a run.
const SOCKET: &str = "api";

/// How long giving everything back may take, on a server that may have gone.
const CLOSE_BOUND: Duration = Duration::from_secs(60);

/// A running lease service.
pub(crate) struct LeaseService {
    pub(crate) api: Api,
    pub(crate) descriptors: Descriptors,
    leases: Leases,
    requests: Requests,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

/// How the service is begun.
pub(crate) struct Beginning<'a> {
    /// The folder for the socket, 0700.
    pub(crate) folder: &'a Path,
    pub(crate) door: OpenDoor,
    /// What makes rows for its clients.
    pub(crate) factories: Factories,
    /// Whether the service itself keeps the run alive in the eyes of sweeps.
    pub(crate) hold: bool,
    /// Whether all databases are made at once.
    pub(crate) warm: bool,
}

/// Takes events to another thread.
struct Relay(Sender<Event>);

impl Listener for Relay {
    fn on(&self, event: &Event) {
        // Nobody listens any more: there is nothing to tell.
        let _ = self.0.send(event.clone());
    }
}

/// A listener, and what it hears. The receiver ends when the listener is gone.
fn relay() -> (Arc<dyn Listener>, Receiver<Event>) {
    let (sender, receiver) = channel();
    (Arc::new(Relay(sender)), receiver)
}

/// Runs `work` with a listener for other threads; what it hears goes on to
/// ours, as it happens.
pub(crate) fn heard_by<T>(ours: &dyn Listener, work: impl FnOnce(Arc<dyn Listener>) -> T) -> T {
    let (listener, heard) = relay();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for event in heard {
                ours.on(&event);
            }
        });
        work(listener)
    })
}

impl LeaseService {
    /// Starts the service and waits until it can be called.
    pub(crate) fn start(plan: LeasePlan, beginning: &Beginning<'_>) -> Result<Self> {
        let descriptors = Descriptors::raise();
        let socket = beginning.folder.join(SOCKET);
        let (stop, stopped) = oneshot::channel();
        let (ready, opened) = channel();
        let requests = Requests::default();
        let life = Life {
            plan,
            socket: socket.clone(),
            door: beginning.door,
            factories: beginning.factories.clone(),
            requests: requests.clone(),
            hold: beginning.hold,
            warm: beginning.warm,
        };
        let thread = std::thread::Builder::new()
            .name("leases".into())
            .spawn(move || life.live(&ready, stopped))
            .context(Kind::Environment, || "cannot start a thread".into())?;
        match opened.recv() {
            Ok((leases, address, token)) => Ok(Self {
                api: Api { address, socket, token: token.expose().to_owned() },
                descriptors,
                leases,
                requests,
                stop: Some(stop),
                thread: Some(thread),
            }),
            Err(_) => Err(match thread.join() {
                Ok(Err(failure)) => failure,
                _ => panicked(),
            }),
        }
    }

    /// Where the holder of the nth slot, counted from 0, connects.
    pub(crate) fn targets(&self, slot: usize) -> Option<SlotTargets> {
        self.leases.targets(slot)
    }

    /// How many slots there are.
    pub(crate) fn slots(&self) -> usize {
        self.leases.slots().len()
    }

    /// Whether anybody holds a lease. One without a holder is used as long as
    /// there are sessions, which the server tells.
    pub(crate) fn is_used(&self) -> bool {
        self.leases.is_held()
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.so_far()
    }

    /// How long ago somebody asked for something.
    pub(crate) fn since_request(&self) -> Duration {
        self.requests.since_last()
    }

    /// Hands out nothing more, unless somebody has a lease or waits for one:
    /// then who.
    pub(crate) fn close_if_unused(&self) -> Option<String> {
        if self.leases.refuse_if_unused() {
            return None;
        }
        let held = self.leases.slots().into_iter().filter(|slot| slot.lease.is_some());
        let held: Vec<String> = held
            .map(|slot| match slot.worker {
                Some(worker) => format!("{} (worker {worker})", slot.slot),
                None => slot.slot,
            })
            .collect();
        if held.is_empty() { Some("a lease".into()) } else { Some(held.join(", ")) }
    }

    /// Whether the service still answers.
    pub(crate) fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Ends the service where the server ends next: nothing is dropped.
    /// Whether databases were kept, also in the last moment.
    pub(crate) fn leave(mut self) -> bool {
        self.leases.abandon();
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        !self.leases.kept().is_empty()
    }

    /// Ends the service; its databases are dropped if the server lives on.
    /// Whether databases were kept comes with it.
    pub(crate) fn stop(mut self) -> (bool, Result<()>) {
        drop(self.stop.take());
        let stopped = self
            .thread
            .take()
            .map_or(Ok(()), |thread| thread.join().unwrap_or_else(|_| Err(panicked())));
        (!self.leases.kept().is_empty(), stopped)
    }
}

/// What the thread is given.
struct Life {
    plan: LeasePlan,
    socket: PathBuf,
    door: OpenDoor,
    factories: Factories,
    requests: Requests,
    hold: bool,
    warm: bool,
}

impl Life {
    fn live(
        self,
        ready: &Sender<(Leases, String, Secret)>,
        stopped: oneshot::Receiver<()>,
    ) -> Result<()> {
        let runtime = runtime::new()?;
        runtime.block_on(async {
            let held = if self.hold {
                Some(seedbed_isolation::hold(&self.plan.admin, &self.plan.run).await?)
            } else {
                None
            };
            // Before the first database: what fails here leaves nothing.
            let door = (self.door)(&self.socket)?;
            let leases = Leases::open(self.plan).await?;
            let served = async {
                if self.warm {
                    leases.warm().await?;
                }
                let services = Services {
                    leases: leases.clone(),
                    factories: self.factories,
                    requests: self.requests,
                };
                serve(services, door, ready, stopped).await
            }
            .await;
            let closed = match timeout(CLOSE_BOUND, leases.close()).await {
                Ok(closed) => closed,
                Err(_) => {
                    let seconds = CLOSE_BOUND.as_secs();
                    let message = format!("the lease service does not end within {seconds} s");
                    Err(Failure::new(Kind::Timeout, message).hint("seedbed gc"))
                }
            };
            if let Some(held) = held {
                held.close().await;
            }
            served.and(closed)
        })
    }
}

/// Serves until told to stop.
async fn serve(
    services: Services,
    door: Door,
    ready: &Sender<(Leases, String, Secret)>,
    stopped: oneshot::Receiver<()>,
) -> Result<()> {
    let leases = services.leases.clone();
    let _ = ready.send((leases.clone(), door.address, door.token));
    let (close_door, closing) = oneshot::channel();
    let ending = async {
        drop(stopped.await);
        // Whoever waits is told, before the door is shut on them.
        leases.refuse();
        drop(close_door);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        served = (door.serve)(services, closing) => served,
        () = ending => Ok(()),
        // It ends only when the pool is closed.
        () = async { leases.tend().await; std::future::pending::<()>().await } => Ok(()),
    }
}

fn panicked() -> Failure {
    Failure::new(Kind::Bug, "the thread of the lease service panicked")
}
