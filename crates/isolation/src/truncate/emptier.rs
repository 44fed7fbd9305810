//! The control connection of one leased database, used by nobody else, and
//! what it knows of the schema.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_api::Result;
use seedbed_db::{Answer, Call, Complaint, Prepared, Session, Target, Value};

use super::fingerprint::{fingerprint, glance};
use super::relation::{Oid, Schema, number, oid};
use super::survey::survey;
use super::{rights, sequence};
use crate::journal::fields;
use crate::lock::{APPLICATION, CONNECT_WAIT};

/// Whether a database can be reset.
pub enum Emptiable {
    /// It can.
    Yes(Box<Emptier>),
    /// It cannot, and why: a phrase for people.
    No(String),
}

/// Brings one database back to the state of its template.
pub struct Emptier {
    pub(super) session: Session,
    pub(super) schema: Schema,
    pub(super) statements: Statements,
    /// Number of the database.
    pub(super) database: String,
    /// The template's.
    fingerprint: String,
    /// What the catalogs looked like when the fingerprint was last compared.
    pub(super) glance: String,
    /// Settings of the database when it was opened.
    settings: Option<String>,
    /// Tables, with their sizes, that a crash before this connection may have
    /// emptied; until the first reset.
    pub(super) suspects: BTreeMap<Oid, u64>,
    /// Why no reset is possible any more.
    pub(super) spoiled: Option<String>,
}

/// Statements that the server has parsed.
pub(super) struct Statements {
    pub(super) begin: Prepared,
    pub(super) xid: Prepared,
    pub(super) sessions: Prepared,
    pub(super) lock: Prepared,
    pub(super) probe: Prepared,
    pub(super) noted: Prepared,
    pub(super) sequences: Vec<Prepared>,
}

/// What no trigger sees.
pub(super) struct Probe {
    pub(super) glance: String,
    /// Age of the newest row of the catalogs; own rows have 0.
    pub(super) newest: i64,
    settings: Option<String>,
    pub(super) prepared: bool,
    /// Size of the notes, dead ones included.
    pub(super) notes_bytes: u64,
}

/// Tables that may have changed.
pub(super) struct Noted {
    /// Their sizes in bytes.
    pub(super) sizes: BTreeMap<Oid, u64>,
    /// Whether there is one that the template does not have.
    pub(super) unknown: bool,
}

impl Emptier {
    /// Connects to the leased database and looks whether it was made for this
    /// lane and the role's rights are enough.
    ///
    /// # Errors
    /// Those of [`Session::connect`] and [`Session::batch`].
    pub async fn open(target: &Target) -> Result<Emptiable> {
        let session = Session::connect(target, APPLICATION, CONNECT_WAIT).await?;
        if let Some(why) = rights::refusal(&session, &target.user).await? {
            session.close().await;
            return Ok(Emptiable::No(why));
        }
        let fingerprint =
            session.value("SELECT fingerprint FROM seedbed_truncate.template").await?;
        let fingerprint = fingerprint.unwrap_or_default();
        if !is_unchanged(&session, &fingerprint).await? {
            session.close().await;
            return Ok(Emptiable::No(CHANGED.to_owned()));
        }
        let schema = Schema::read(&session).await?;
        let database = "SELECT oid FROM pg_database WHERE datname = current_database()";
        let database = session.value(database).await?.unwrap_or_default();
        let statements = Statements::prepare(&session, &database).await?;
        let suspects = schema.relations.iter().filter(|(_, it)| it.is_unlogged && it.kept_rows > 0);
        let suspects = suspects.map(|(rel, it)| (*rel, it.bytes)).collect();
        let mut emptier = Self {
            session,
            schema,
            statements,
            database,
            fingerprint,
            glance: String::new(),
            settings: None,
            suspects,
            spoiled: None,
        };
        emptier.settings = emptier.probe().await?.settings;
        Ok(Emptiable::Yes(Box::new(emptier)))
    }

    /// Says goodbye to the server.
    pub async fn close(self) {
        self.session.close().await;
    }

    /// Tables in which committed work since the last reset left a trace, by
    /// name and in order. One that was written to and holds again what the
    /// template held is not among them. Sequences are not looked at.
    ///
    /// # Errors
    /// Those of [`Session::batch`].
    pub async fn dirty(&mut self) -> Result<Vec<String>> {
        let answer = self.session.pipeline(&[call(&self.statements.noted)]).await?.pop();
        let noted = self.noted(answer)?;
        let refused = |rel: &Oid| {
            self.schema.relations.get(rel).is_none_or(|relation| relation.refusal.is_some())
        };
        let (untold, told): (BTreeSet<Oid>, BTreeSet<Oid>) =
            noted.sizes.keys().copied().partition(refused);
        let mut dirty = match survey(&self.session, &self.schema, told.iter().copied()).await {
            Ok(differences) => differences.into_keys().collect(),
            // Such as a table that was dropped or altered: it did change.
            Err(failure) if Complaint::of(&failure).is_some() => told,
            Err(failure) => return Err(failure),
        };
        dirty.extend(untold);
        let name = |rel: &Oid| self.schema.relations.get(rel).map(|relation| relation.name.clone());
        let mut names: Vec<String> = dirty.iter().filter_map(name).collect();
        names.sort();
        Ok(names)
    }

    /// Reads the answer to `noted.sql`.
    pub(super) fn noted(&self, answer: Option<Answer>) -> Result<Noted> {
        let mut noted = Noted { sizes: self.suspects.clone(), unknown: false };
        for row in answer.map(|answer| answer.rows).unwrap_or_default() {
            let [rel, bytes] = fields(row)?;
            if rel.is_null() {
                noted.unknown = true;
                continue;
            }
            noted.sizes.insert(oid(rel.as_text())?, number(bytes.as_text())?);
        }
        Ok(noted)
    }

    /// Looks at what no trigger sees.
    pub(super) async fn probe(&self) -> Result<Probe> {
        Probe::read(self.session.pipeline(&[call(&self.statements.probe)]).await?.pop())
    }

    /// Why what no trigger sees forbids a reset.
    pub(super) async fn obstacle(&mut self, probe: &Probe) -> Result<Option<String>> {
        if probe.settings != self.settings {
            return Ok(Some("a setting of the database was changed".to_owned()));
        }
        if probe.glance != self.glance {
            if !is_unchanged(&self.session, &self.fingerprint).await? {
                return Ok(Some(CHANGED.to_owned()));
            }
            self.glance.clone_from(&probe.glance);
        }
        Ok(None)
    }
}

const CHANGED: &str = "the schema or what a reset relies on was changed";

async fn is_unchanged(session: &Session, expected: &str) -> Result<bool> {
    match session.value(&fingerprint()).await {
        Ok(now) => Ok(now.as_deref() == Some(expected)),
        // undefined_function, invalid_schema_name: our own schema was dropped.
        Err(failure) if Complaint::is(&failure, "42883") || Complaint::is(&failure, "3F000") => {
            Ok(false)
        }
        Err(failure) => Err(failure),
    }
}

impl Statements {
    async fn prepare(session: &Session, database: &str) -> Result<Self> {
        let of_database = |sql: &str| sql.replace("{database}", database);
        // One plan for good: planning costs more than any plan here.
        session.batch("SET plan_cache_mode = force_generic_plan").await?;
        let statements = [
            "BEGIN".to_owned(),
            "SELECT pg_current_xact_id()::text".to_owned(),
            of_database(include_str!("sql/sessions.sql")),
            "LOCK TABLE seedbed_truncate.dirty IN EXCLUSIVE MODE NOWAIT".to_owned(),
            of_database(include_str!("sql/probe.sql")).replace("{glance}", &glance()),
            include_str!("sql/noted.sql").to_owned(),
        ];
        let [begin, xid, sessions, lock, probe, noted] =
            fields(session.prepare(&statements).await?)?;
        let sequences = sequence::prepare(session).await?;
        Ok(Self { begin, xid, sessions, lock, probe, noted, sequences })
    }
}

impl Probe {
    /// Reads the answer to the probe.
    pub(super) fn read(answer: Option<Answer>) -> Result<Self> {
        let row = answer.and_then(|mut answer| answer.rows.pop()).unwrap_or_default();
        let [glance, newest, settings, prepared, notes] = fields(row)?;
        Ok(Self {
            glance: glance.as_text().unwrap_or_default().to_owned(),
            newest: newest.as_text().and_then(|text| text.parse().ok()).unwrap_or(-1),
            settings: settings.as_text().map(str::to_owned),
            prepared: prepared.as_text() == Some("true"),
            notes_bytes: number(notes.as_text())?,
        })
    }
}

/// A call without parameters.
pub(super) fn call(statement: &Prepared) -> Call<'_> {
    Call { statement, parameters: Vec::<&Value>::new() }
}
