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
    /// Not ours, whatever its name.
    Foreign,
}

impl Found {
    pub(crate) fn state(&self) -> State {
        let marked = match &self.marker {
            Some(Marker::Template { fingerprint, .. }) => fingerprint.parse().ok(),
            Some(Marker::Clone { run }) => return State::Clone { run: run.clone() },
            None => None,
        };
        if let Some(fingerprint) = marked {
            return if self.sealed {
                State::Template(fingerprint)
            } else {
                State::Unfinished { lock: crate::lock::template_key(&fingerprint) }
            };
        }
        let ours =
            self.connection_limit == BORN || (self.connection_limit == INVALID && self.owned);
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

async fn matching(session: &Session, condition: &str) -> Result<Vec<Found>> {
    let query = format!(
        "SELECT d.datname, shobj_description(d.oid, 'pg_database'), \
                d.datistemplate AND NOT d.datallowconn, d.datconnlimit, \
                r.rolsuper OR d.datdba = r.oid \
         FROM pg_database d, pg_roles r \
         WHERE r.rolname = current_user AND {condition} ORDER BY d.datname"
    );
    let rows = session.rows(&query).await?;
    Ok(rows.into_iter().filter_map(found).collect())
}

fn found(row: Vec<Option<String>>) -> Option<Found> {
    let [name, comment, sealed, limit, owned] = row.try_into().ok()?;
    Some(Found {
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
            (clone, None, false, BORN, false, of_run),
            (clone, None, false, -1, true, State::Foreign),
            ("seedbed_other", None, false, BORN, true, State::Foreign),
        ] {
            let found = Found { name: name.into(), marker, sealed, connection_limit: limit, owned };
            assert_eq!(found.state(), expected, "{found:?}");
        }
    }
}
