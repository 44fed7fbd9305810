//! A shared server and what is done on it.

use std::time::Duration;

use seedbed_api::{Failure, Kind, Listener, Result};
use seedbed_db::{Complaint, Globals, Session, TablespaceRoot, Target};

use crate::inventory::State;
use crate::lock::{APPLICATION, CONNECT_WAIT, is_held, run_key};
use crate::marker::{Marker, run_in_name};
use crate::{RunCommand, Template, copying, removal, roles};

/// A server that other processes use at the same time.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    /// Its maintenance database, never a template. All processes that share
    /// the server must name the same one, because locks belong to a database.
    pub admin: &'a Target,
    /// Whose its cluster-wide objects are.
    pub globals: Globals,
    /// Hears progress and notices.
    pub listener: &'a dyn Listener,
    /// Where tablespaces of recipes live, on a server of ours.
    pub tablespaces: Option<&'a TablespaceRoot>,
    /// Runs the programs of command recipes.
    pub run_command: &'a dyn RunCommand,
    /// How long to wait while another process builds the same template.
    pub build_wait: Duration,
}

impl Shared<'_> {
    /// A suitable `build_wait`: ten minutes.
    pub const BUILD_WAIT: Duration = Duration::from_secs(600);

    /// Makes a clone of a template for a run, named by [`crate::clone_name`].
    /// The run must be held ([`crate::hold`]), or a sweep would take the clone.
    ///
    /// # Errors
    /// `Kind::Bug` if the name is not the run's; `ServerFailed` if the run is
    /// not held, which is so after a crash of the server; `Refused` if the
    /// name is taken; `Database` with the server's reason.
    pub async fn clone(&self, template: &Template, name: &str, run: &str) -> Result<Target> {
        if run_in_name(name) != Some(run) {
            return Err(Failure::new(
                Kind::Bug,
                format!("`{name}` is no name for the run `{run}`"),
            ));
        }
        let session = self.connect().await?;
        if !is_held(&session, run_key(run)).await? {
            return Err(Failure::new(
                Kind::ServerFailed,
                format!("the run `{run}` is not held: the server ended the connection that did"),
            ));
        }
        if self.globals == Globals::Ours {
            roles::restore(&session, &template.roles, self.listener).await?;
        }
        let marker = Marker::Clone { run: run.to_owned() };
        let made = copying::copy(&session, Some(&template.name), name, &marker).await;
        if let Err(failure) = made {
            // duplicate_database: whoever made it, we did not.
            if Complaint::is(&failure, "42P04") {
                let message = format!("the database `{name}` exists already");
                return Err(Failure::new(Kind::Refused, message).because(failure));
            }
            let ours = State::Clone { run: run.to_owned() };
            self.drop_if(&session, name, &ours).await;
            return Err(failure);
        }
        session.close().await;
        Ok(self.admin.with_database(name))
    }

    /// Drops what dead processes left: clones of runs nobody holds, templates
    /// nobody is building any more, databases whose DROP was interrupted.
    /// Returns their names; what cannot be dropped is warned about.
    ///
    /// # Errors
    /// Only if the server cannot be asked.
    pub async fn sweep(&self) -> Result<Vec<String>> {
        let session = self.connect().await?;
        let swept = removal::sweep(&session, self.admin, self.listener).await?;
        session.close().await;
        Ok(swept)
    }

    pub(crate) async fn connect(&self) -> Result<Session> {
        Session::connect(self.admin, APPLICATION, CONNECT_WAIT).await
    }

    /// Second line of a failure: drops a database if it still is what we made.
    pub(crate) async fn drop_if(&self, session: &Session, name: &str, state: &State) {
        if let Err(failure) = removal::drop_if(session, self.admin, name, state).await {
            self.listener.warning(
                format!("`{name}` is left for the next sweep: {}", failure.chain()),
                Some("seedbed gc".to_owned()),
            );
        }
    }
}
