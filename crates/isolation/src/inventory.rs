//! The databases of a server that are ours, with their state, from one query
//! of shared catalogs. No database is connected to for it: a session on a
//! template would block its cloning.

use seedbed_api::Result;
use seedbed_db::{Session, quote_literal};
use seedbed_recipe::Fingerprint;

use crate::marker::{BORN, INVALID, Marker, key_in_name, run_in_name};

/// One database under a name like ours.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The same for the database's whole life, whatever its name.
    pub(crate) oid: u32,
    pub(crate) name: String,
    pub(crate) marker: Option<Marker>,
    /// `IS_TEMPLATE true, ALLOW_CONNECTIONS false`.
    pub(crate) sealed: bool,
    pub(crate) connection_limit: i32,
    /// Whether the connecting role owns it or is superuser.
    pub(crate) owned: bool,
}

/// What may be done with a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// A complete template.
    Template(Fingerprint),
    /// A template under construction; abandoned if its lock is free.
    Unfinished {
        /// Key of the lock its builder holds.
        lock: u64,
    },
    /// A clone; abandoned if the lock of its run is free.
    Clone {
        /// The run it belongs to.
        run: String,
    },
    /// Set aside for a person; dropped only when asked for by name.
    Kept,
    /// Not ours, whatever its name.
    Foreign,
}

impl Found {
    pub(crate) fn state(&self) -> State {
        let marked = match &self.marker {
            Some(Marker::Template { fingerprint, .. }) => fingerprint.parse().ok(),
            Some(Marker::Clone { run }) => return State::Clone { run: run.clone() },
            // Its drop was begun: nothing is left to keep.
            Some(Marker::Kept(kept)) if self.is_invalid() => {
                return State::Clone { run: kept.run.clone() };
            }
            Some(Marker::Kept(_)) => return State::Kept,
            None => None,
        };
        if let Some(fingerprint) = marked {
            return if self.sealed {
                State::Template(fingerprint)
            } else {
                State::Unfinished { lock: crate::lock::template_key(&fingerprint) }
            };
        }
        let ours = self.connection_limit == BORN || (self.is_invalid() && self.owned);
        if !ours {
            return State::Foreign;
        }
        if let Some(lock) = key_in_name(&self.name) {
            return State::Unfinished { lock };
        }
        match run_in_name(&self.name) {
            Some(run) => State::Clone { run: run.to_owned() },
            None => State::Foreign,
        }
    }

    /// Whether its DROP was interrupted. The server then allows to rename and
    /// to drop it; ALTER DATABASE ends the session (FATAL, 55000).
    pub(crate) fn is_invalid(&self) -> bool {
        self.connection_limit == INVALID
    }

    /// Whether it is a clone of this run.
    ///
    /// A suite may have dropped its database and made it anew (`db:reset`),
    /// mark and all: under a name that holds the run's random identity, owned
    /// by us, nobody else can have made it.
    pub(crate) fn is_of(&self, run: &str) -> bool {
        match self.state() {
            State::Clone { run: of } => of == run,
            _ => self.marker.is_none() && self.owned && run_in_name(&self.name) == Some(run),
        }
    }
}

/// Every database whose name begins like ours.
pub(crate) async fn all(session: &Session) -> Result<Vec<Found>> {
    matching(session, "d.datname LIKE 'seedbed\\_%'").await
}

/// The database with this name.
pub(crate) async fn named(session: &Session, name: &str) -> Result<Option<Found>> {
    let condition = format!("d.datname = {}", quote_literal(name));
    Ok(matching(session, &condition).await?.into_iter().next())
}

/// The databases with these names.
pub(crate) async fn these(session: &Session, names: &[&str]) -> Result<Vec<Found>> {
    let names: Vec<String> = names.iter().map(|name| quote_literal(name)).collect();
    matching(session, &format!("d.datname IN ({})", names.join(", "))).await
}

async fn matching(session: &Session, condition: &str) -> Result<Vec<Found>> {
    let query = format!(
        "SELECT d.oid, d.datname, shobj_description(d.oid, 'pg_database'), \
                d.datistemplate AND NOT d.datallowconn, d.datconnlimit, \
                r.rolsuper OR d.datdba = r.oid \
         FROM pg_database d, pg_roles r \
         WHERE r.rolname = current_user AND {condition} ORDER BY d.datname"
    );
    let rows = session.rows(&query).await?;
    Ok(rows.into_iter().filter_map(found).collect())
}

fn found(row: Vec<Option<String>>) -> Option<Found> {
    let [oid, name, comment, sealed, limit, owned] = row.try_into().ok()?;
    Some(Found {
        oid: oid?.parse().ok()?,
        name: name?,
        marker: comment.as_deref().and_then(Marker::read),
        sealed: sealed.as_deref() == Some("t"),
        connection_limit: limit?.parse().ok()?,
        owned: owned.as_deref() == Some("t"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mark_makes_a_database_ours() {
        let fingerprint = Fingerprint::of("test", &[b"x"]);
        let lock = crate::lock::template_key(&fingerprint);
        let template = crate::template_name(&fingerprint);
        let clone = "seedbed_test_r1";
        let t = Marker::Template { fingerprint: fingerprint.to_string(), roles: Vec::new() };
        let c = Marker::Clone { run: "r1".into() };
        let k = Marker::Kept(crate::Keepsake {
            run: "r1".into(),
            name: clone.into(),
            test: None,
            project: None,
            created_s: 0,
        });
        let of_run = State::Clone { run: "r1".into() };
        for (name, marker, sealed, limit, owned, expected) in [
            (template.as_str(), Some(t.clone()), true, -1, false, State::Template(fingerprint)),
            (&template, Some(t.clone()), false, BORN, true, State::Unfinished { lock }),
            (&template, Some(t), false, INVALID, true, State::Unfinished { lock }),
            (&template, None, false, BORN, true, State::Unfinished { lock }),
            (&template, None, false, INVALID, true, State::Unfinished { lock }),
            (&template, None, false, INVALID, false, State::Foreign),
            (&template, None, true, -1, true, State::Foreign),
            (clone, Some(c), false, -1, true, of_run.clone()),
            (clone, None, false, BORN, false, of_run.clone()),
            (clone, None, false, -1, true, State::Foreign),
            ("seedbed_other", None, false, BORN, true, State::Foreign),
            ("seedbed_kept_a", Some(k.clone()), false, -1, true, State::Kept),
            ("seedbed_kept_a", Some(k.clone()), false, INVALID, true, of_run),
            (clone, Some(k), false, -1, true, State::Kept),
        ] {
            let found =
                Found { oid: 1, name: name.into(), marker, sealed, connection_limit: limit, owned };
            assert_eq!(found.state(), expected, "{found:?}");
        }
    }

    #[test]
    fn a_database_is_a_runs_by_its_mark_or_made_anew_under_its_name() {
        let clone = |run: &str| Some(Marker::Clone { run: run.into() });
        for (name, marker, owned, expected) in [
            ("seedbed_test_r1_1", clone("r1"), true, true),
            ("seedbed_test_r1_1", clone("r2"), true, false),
            ("seedbed_test_r1_1", None, true, true),
            ("seedbed_test_r1_1", None, false, false),
            ("seedbed_test_r2_1", None, true, false),
            ("somewhere", clone("r1"), false, true),
            ("somewhere", None, true, false),
        ] {
            let found = Found {
                oid: 1,
                name: name.into(),
                marker,
                sealed: false,
                connection_limit: -1,
                owned,
            };
            assert_eq!(found.is_of("r1"), expected, "{found:?}");
        }
    }
}
