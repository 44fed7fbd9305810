//! Putting a fresh database in the place of a slot's: two renames in one
//! transaction. A slot's name never belongs to a database half made, and a
//! crash leaves either the old one or the new one under it.

use std::time::{Duration, Instant};

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Complaint, Session, Target, quote_ident, quote_literal};

use super::vacating::{VACATE_WAIT, vacate};
use crate::copying;
use crate::inventory::{self, Found};
use crate::marker::{Keepsake, Marker};

/// How long latecomers may hinder it.
const EXCHANGE_WAIT: Duration = Duration::from_secs(20);

/// What becomes of the database under the slot's name.
#[derive(Clone, Debug)]
pub(crate) enum Outgoing {
    /// There must be none.
    Nobody,
    /// It gets this name and is dropped later.
    Waste(String),
    /// It gets this name and stays. There must be one.
    Kept(String, Keepsake),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchanged {
    /// The fresh database is under the slot's name.
    Done {
        /// Whether there was an old one.
        old: bool,
    },
    /// The fresh database is gone; nothing was changed.
    FreshGone,
}

/// One exchange. It may be tried again after its connection broke: what was
/// seen first tells whether it had succeeded.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    /// The maintenance database.
    pub(crate) admin: &'a Target,
    /// The run.
    pub(crate) run: &'a str,
    /// Name of the slot's database.
    pub(crate) slot: &'a str,
    /// Name of the fresh one.
    pub(crate) fresh: &'a str,
    /// The old one's future.
    pub(crate) outgoing: &'a Outgoing,
    /// Identity of the fresh and of the old database, once seen.
    pub(crate) seen: Option<(u32, Option<u32>)>,
}

impl Exchange<'_> {
    /// Does it.
    ///
    /// # Errors
    /// `Refused` if the database under the slot's name is not the run's, or
    /// must not be there, or is gone although it was to be kept; `Timeout` if
    /// its sessions do not end; `Database` with the server's reason.
    pub(crate) async fn run(&mut self, session: &Session) -> Result<Exchanged> {
        let began = Instant::now();
        loop {
            let [old, fresh, taken] = self.look(session).await?;
            if let (Some((fresh, was)), Some(now)) = (self.seen, &old)
                && fresh == now.oid
            {
                return Ok(Exchanged::Done { old: was.is_some() });
            }
            let Some(fresh) = fresh.filter(|found| found.is_of(self.run)) else {
                return Ok(Exchanged::FreshGone);
            };
            self.judge(old.as_ref(), taken.as_ref())?;
            self.seen = Some((fresh.oid, old.as_ref().map(|found| found.oid)));
            if let Some(old) = old.as_ref().filter(|found| !found.is_invalid()) {
                vacate(session, self.admin, old, VACATE_WAIT).await?;
            }
            let Err(failure) = self.rename(session, old.as_ref(), &fresh).await else {
                return Ok(Exchanged::Done { old: old.is_some() });
            };
            // The reason is known; an open transaction must not stay.
            let _ = session.batch("ROLLBACK").await;
            // object_in_use: a latecomer; invalid_catalog_name, duplicate_database:
            // what was looked at is something else by now.
            let again =
                ["55006", "3D000", "42P04"].iter().any(|code| Complaint::is(&failure, code));
            if !again || began.elapsed() > EXCHANGE_WAIT {
                return Err(failure);
            }
        }
    }

    /// The databases under the slot's name, the fresh one's, the old one's new.
    async fn look(&self, session: &Session) -> Result<[Option<Found>; 3]> {
        let names = match self.outgoing {
            Outgoing::Nobody => [self.slot, self.fresh, ""],
            Outgoing::Waste(name) | Outgoing::Kept(name, _) => [self.slot, self.fresh, name],
        };
        let found = inventory::these(session, &names).await?;
        Ok(names.map(|name| found.iter().find(|one| one.name == name).cloned()))
    }

    /// Whether the database under the slot's name may be moved.
    fn judge(&self, old: Option<&Found>, taken: Option<&Found>) -> Result<()> {
        let slot = self.slot;
        let refused = |message: String| Err(Failure::new(Kind::Refused, message));
        match (self.outgoing, old) {
            (_, Some(found)) if !found.is_of(self.run) => Err(Failure::new(
                Kind::Refused,
                format!("the database `{slot}` is not a clone of the run `{}`", self.run),
            )
            .hint(format!("ALTER DATABASE {} RENAME TO other_name;", quote_ident(slot)))),
            (Outgoing::Nobody, Some(_)) => refused(format!("the database `{slot}` exists already")),
            (Outgoing::Kept(..), None) => {
                refused(format!("the database `{slot}` is gone: there is nothing to keep"))
            }
            (Outgoing::Kept(..), Some(found)) if found.is_invalid() => refused(format!(
                "the database `{slot}` was dropped half-way: nothing is left to keep"
            )),
            _ => match taken {
                Some(found) => refused(format!("the database `{}` exists already", found.name)),
                None => Ok(()),
            },
        }
    }

    async fn rename(&self, session: &Session, old: Option<&Found>, fresh: &Found) -> Result<()> {
        let (slot, was) = (quote_ident(self.slot), quote_ident(self.fresh));
        let mut statements = vec!["BEGIN".to_owned()];
        let mut expected = vec![(self.slot, fresh.oid)];
        if let (Outgoing::Waste(name) | Outgoing::Kept(name, _), Some(old)) = (self.outgoing, old) {
            let new = quote_ident(name);
            statements.push(format!("ALTER DATABASE {slot} RENAME TO {new}"));
            if let Outgoing::Kept(_, keepsake) = self.outgoing {
                let marker = Marker::Kept(keepsake.clone());
                statements.push(copying::description(name, &marker)?);
                statements.push(format!("ALTER DATABASE {new} ALLOW_CONNECTIONS true"));
            } else if old.marker.is_none() {
                let marker = Marker::Clone { run: self.run.to_owned() };
                statements.push(copying::description(name, &marker)?);
            }
            expected.push((name, old.oid));
        }
        statements.push(format!("ALTER DATABASE {was} RENAME TO {slot}"));
        // The names are locked now: do they mean what was looked at?
        let is_there = |(name, oid): &(&str, u32)| {
            format!(
                "EXISTS (SELECT FROM pg_database WHERE oid = {oid} AND datname = {})",
                quote_literal(name)
            )
        };
        let check: Vec<String> = expected.iter().map(is_there).collect();
        statements.push(format!("SELECT {}", check.join(" AND ")));
        if session.value(&statements.join("; ")).await?.as_deref() != Some("t") {
            return Err(Failure::new(
                Kind::Refused,
                format!("somebody else changes the database `{}` at the same time", self.slot),
            ));
        }
        session.batch("COMMIT").await
    }
}
