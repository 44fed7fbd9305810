//! The return to the template's state. First round trip: who is in the way,
//! what no trigger sees, which tables were noted; sequences are set back on
//! the way. Second, where rows of the template may be gone: which. Third: the
//! script. Last: what else the script's statements set off is looked at, the
//! notes are forgotten.
//!
//! A writer notes its table before it can commit, and a reset takes the notes
//! in EXCLUSIVE mode: who has noted is done before, who has not yet waits and
//! comes after.

use std::collections::BTreeSet;
use std::time::Duration;

use seedbed_api::{Failure, Result};
use seedbed_db::Complaint;
use tokio::time::{Instant, sleep};

use super::emptier::{Emptier, Noted, Probe, call};
use super::plan::{Plan, truncated};
use super::relation::Oid;
use super::script::Report;
use super::survey::{Difference, survey};
use super::way::Wanted;
use crate::journal::{SessionInfo, end_sessions};

/// Sessions may come into the way again while others are ended.
const RESET_WAIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);
/// After a first attempt that waited in vain: longer than `deadlock_timeout`
/// (a second unless the server was told otherwise), when an autovacuum worker
/// is asked to leave.
const PATIENT: &str = "SET LOCAL lock_timeout = '1500ms';";
/// Notes are truncated above this size, where reading the dead ones costs
/// more than a new file.
const NOTES_BYTES_MAX: u64 = 64 * 1024;

/// What came of a reset.
#[derive(Debug)]
pub enum Reset {
    /// The database is as its template was.
    Done {
        /// Tables whose rows were changed.
        tables: usize,
        /// Rows deleted and inserted, without those that a TRUNCATE removed.
        rows: u64,
        /// Sessions that stood in the way and were ended.
        ended: Vec<SessionInfo>,
        /// Sessions inside a transaction that holds nothing; left alone.
        readers: Vec<SessionInfo>,
    },
    /// It cannot be brought there and must be replaced.
    Replace {
        /// A phrase for people.
        why: String,
    },
}

/// What one attempt found.
enum Attempt {
    Done { tables: usize, rows: u64, readers: Vec<SessionInfo> },
    InTheWay(Vec<SessionInfo>),
    Prepared,
    Replace(String),
}

impl Emptier {
    /// Brings the database back to its template's state. Sessions survive,
    /// except those in the way.
    ///
    /// # Errors
    /// None today: whatever goes wrong ends in [`Reset::Replace`].
    pub async fn reset(&mut self) -> Result<Reset> {
        if let Some(why) = &self.spoiled {
            return Ok(Reset::Replace { why: why.clone() });
        }
        // Holds if this future is dropped half-way.
        self.spoiled = Some("a reset was interrupted".to_owned());
        let deadline = Instant::now() + RESET_WAIT;
        let mut ended = Vec::new();
        let mut patient = false;
        let why = loop {
            let found = match self.attempt(patient).await {
                Ok(Attempt::Done { tables, rows, readers }) => {
                    self.spoiled = None;
                    self.suspects.clear();
                    return Ok(Reset::Done { tables, rows, ended, readers });
                }
                Ok(Attempt::Replace(why)) => break why,
                Ok(found) if Instant::now() < deadline => found,
                Ok(_) => break "sessions of the test keep coming into the way".to_owned(),
                Err(failure) => break told(&failure),
            };
            patient = true;
            let cleared = match found {
                Attempt::InTheWay(others) => {
                    let cleared = end_sessions(&self.session, &others).await;
                    if others.is_empty() {
                        sleep(PAUSE).await;
                    }
                    ended.extend(others);
                    cleared
                }
                _ => self.roll_back_prepared().await,
            };
            if let Err(failure) = cleared {
                break told(&failure);
            }
        };
        self.spoiled = Some(why.clone());
        Ok(Reset::Replace { why })
    }

    async fn attempt(&mut self, patient: bool) -> Result<Attempt> {
        let mut wanted = Wanted::default();
        match self.empty(patient, &mut wanted).await {
            Ok(Attempt::Done { tables, rows, readers }) => {
                Ok(Attempt::Done { tables, rows, readers })
            }
            Ok(other) => {
                self.session.batch("ROLLBACK").await?;
                Ok(other)
            }
            Err(failure) => {
                if self.session.is_closed() {
                    return Err(failure);
                }
                self.session.batch("ROLLBACK").await?;
                // Such as a sequence that was dropped, or a prepared transaction
                // that holds the notes.
                let probe = self.probe().await?;
                if let Some(why) = self.obstacle(&probe).await? {
                    return Ok(Attempt::Replace(why));
                }
                if probe.prepared {
                    return Ok(Attempt::Prepared);
                }
                // lock_not_available, deadlock_detected
                if Complaint::is(&failure, "55P03") || Complaint::is(&failure, "40P01") {
                    return Ok(Attempt::InTheWay(self.in_the_way(&wanted).await?));
                }
                Err(failure)
            }
        }
    }

    /// Leaves the transaction open unless it is done.
    async fn empty(&mut self, patient: bool, wanted: &mut Wanted) -> Result<Attempt> {
        let statements = &self.statements;
        let mut calls = vec![
            call(&statements.begin),
            // The id first: who is not seen by then gets a younger one.
            call(&statements.xid),
            call(&statements.sessions),
            call(&statements.lock),
            call(&statements.probe),
            call(&statements.noted),
        ];
        calls.extend(statements.sequences.iter().map(call));
        let mut answers = self.session.pipeline(&calls).await?.into_iter().skip(2);
        let sessions = answers.next().map(|answer| answer.rows).unwrap_or_default();
        let probe = Probe::read(answers.nth(1))?;
        let noted = self.noted(answers.next())?;

        let others: Result<Vec<SessionInfo>> =
            sessions.iter().map(|row| SessionInfo::read(row)).collect();
        let (in_the_way, readers): (Vec<_>, Vec<_>) =
            others?.into_iter().partition(SessionInfo::is_in_the_way);
        if !in_the_way.is_empty() {
            return Ok(Attempt::InTheWay(in_the_way));
        }
        if probe.prepared {
            return Ok(Attempt::Prepared);
        }
        if let Some(why) = self.obstacle(&probe).await? {
            return Ok(Attempt::Replace(why));
        }
        if noted.unknown {
            return Ok(Attempt::Replace("a table was noted that was not baked".to_owned()));
        }
        let plan = match self.plan(&noted).await? {
            Ok(plan) => plan,
            Err(why) => return Ok(Attempt::Replace(why)),
        };
        let tables = plan.tables(&self.schema);
        let mut rows = 0;
        let mut writes_catalogs = false;
        if !plan.is_empty() {
            let switched = plan.switched(&self.schema);
            wanted.truncated = plan
                .truncate
                .iter()
                .flat_map(|root| self.schema.tree(*root))
                .map(|(rel, _)| rel)
                .collect();
            wanted.others = tables.union(&switched).copied().collect();
            writes_catalogs = !plan.truncate.is_empty() || !switched.is_empty();
            let patience = if patient { PATIENT } else { "" };
            let script = format!("{patience}{}", plan.script(&self.schema)?);
            let report = Report::read(self.session.rows(&script).await?)?;
            if !report.fits(&plan) {
                return Ok(Attempt::Replace(
                    "other rows went and came than were looked for".into(),
                ));
            }
            let also = self.refused_or_differing(&report.noted).await?;
            if let Some(rel) = also {
                let name = &self.schema.relation(rel)?.name;
                return Ok(Attempt::Replace(format!(
                    "the reset itself made something change `{name}`"
                )));
            }
            rows = report.rows();
        }
        if noted.sizes.is_empty() {
            self.session.batch("COMMIT").await?;
        } else {
            self.forget(probe.notes_bytes, writes_catalogs).await?;
        }
        Ok(Attempt::Done { tables: tables.len(), rows, readers })
    }

    async fn plan(&self, noted: &Noted) -> Result<std::result::Result<Plan, String>> {
        let schema = &self.schema;
        let truncate = truncated(schema, &noted.sizes);
        let surveyed = noted.sizes.keys().copied().filter(|rel| {
            schema.relations.get(rel).is_some_and(|relation| {
                relation.refusal.is_none()
                    && relation.kept_rows > 0
                    && !truncate.contains(&relation.tree)
            })
        });
        let mut differences = survey(&self.session, schema, surveyed).await?;
        // A table that held nothing is emptied without a look.
        for (rel, relation) in
            noted.sizes.keys().filter_map(|rel| Some((rel, schema.relations.get(rel)?)))
        {
            if relation.kept_rows == 0 {
                differences.insert(*rel, Difference { extra: 1, missing: 0 });
            }
        }
        Ok(Plan::new(schema, &noted.sizes, truncate, &differences))
    }

    /// One of the tables that is not as in the template.
    async fn refused_or_differing(&self, rels: &BTreeSet<Oid>) -> Result<Option<Oid>> {
        for rel in rels {
            if self.schema.relation(*rel)?.refusal.is_some() {
                return Ok(Some(*rel));
            }
        }
        let differences = survey(&self.session, &self.schema, rels.iter().copied()).await?;
        Ok(differences.into_keys().next())
    }

    /// Forgets the notes and commits. `writes_catalogs` if the script did.
    async fn forget(&mut self, notes_bytes: u64, writes_catalogs: bool) -> Result<()> {
        let swollen = notes_bytes > NOTES_BYTES_MAX;
        let forget = if swollen {
            "TRUNCATE seedbed_truncate.dirty"
        } else {
            "DELETE FROM seedbed_truncate.dirty"
        };
        if !writes_catalogs && !swollen {
            return self.session.batch(&format!("{forget}; COMMIT")).await;
        }
        self.session.batch(forget).await?;
        // What this reset wrote into the catalogs is known from here on, unless
        // somebody else wrote there meanwhile.
        let probe = self.probe().await?;
        self.session.batch("COMMIT").await?;
        if probe.newest >= 0 {
            self.glance = probe.glance;
        }
        Ok(())
    }
}

/// Why, without what a message of the server may hold of a row.
fn told(failure: &Failure) -> String {
    match Complaint::of(failure) {
        // insufficient_privilege
        Some(complaint) if complaint.code == "42501" => {
            "the role may not end a session, or roll back a transaction, of another role".to_owned()
        }
        Some(complaint) => format!("the reset was refused (SQLSTATE {})", complaint.code),
        None => failure.chain(),
    }
}
