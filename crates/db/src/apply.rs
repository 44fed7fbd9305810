//! Running a recipe's script. Statements go one by one, so that a failure
//! knows its line; the script's own rule says whether all of them form one
//! transaction. After a failure an open transaction is rolled back, but what
//! a script without transaction did so far stays: the caller drops the
//! database. No statement timeout is set, a migration may take its time;
//! dropping the future and the session ends it on the server (see `session`).

use seedbed_api::{Failure, Kind, Listener, Result};
use seedbed_recipe::{Script, Statement, StatementKind};

use crate::report::Report;
use crate::{Complaint, Session, TablespaceRoot, quote_ident, quote_literal, role, tablespace};

/// Whose the cluster-wide objects (roles, tablespaces) of a server are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Globals {
    /// Seedbed made the server: a recipe may change and add them.
    Ours,
    /// The user gave the server: what exists is left as it is.
    Theirs,
}

/// How scripts are run on one server.
#[derive(Clone, Copy)]
pub struct Apply<'a> {
    /// Whose the cluster-wide objects are.
    pub globals: Globals,
    /// Where tablespaces live on a server of ours; without it they keep the
    /// location the recipe names.
    pub tablespaces: Option<&'a TablespaceRoot>,
    /// Hears what was passed over.
    pub listener: &'a dyn Listener,
}

/// Attempts where the server says another session changed the same role.
const ROLE_ATTEMPTS: u32 = 5;

impl Apply<'_> {
    /// Runs a script on a session.
    ///
    /// # Errors
    /// `Kind::Build` naming file and line, with an excerpt and the server's
    /// DETAIL, HINT and CONTEXT as detail and the [`Complaint`] as cause;
    /// `Kind::Environment` if a tablespace's folder cannot be made.
    pub async fn run(&self, session: &Session, script: &Script) -> Result<()> {
        for notice in &script.notices {
            self.listener.notice(notice.clone());
        }
        let done = self.run_inside(session, script).await;
        if done.is_err() && script.transaction {
            // The failure is worth more than what becomes of the rollback; a
            // broken connection rolls back by itself.
            let _ = session.batch("ROLLBACK").await;
        }
        done
    }

    async fn run_inside(&self, session: &Session, script: &Script) -> Result<()> {
        let report = Report { script, server: session.server_version().0 };
        let bookkeeping = |failure| report.outside("cannot keep the migrator's books of", failure);
        if script.transaction {
            session.batch("BEGIN").await.map_err(bookkeeping)?;
        }
        self.supply_roles(session, script).await?;
        for sql in &script.before {
            session.batch(sql).await.map_err(bookkeeping)?;
        }
        for statement in &script.statements {
            self.statement(session, script, statement)
                .await
                .map_err(|failure| report.at(statement, failure))?;
        }
        if !script.transaction && in_transaction(session).await? {
            session.batch("ROLLBACK").await?;
            return Err(Failure::new(
                Kind::Build,
                format!("{} begins a transaction and does not end it", script.file),
            )
            .hint("COMMIT;"));
        }
        for sql in &script.after {
            session.batch(sql).await.map_err(bookkeeping)?;
        }
        if script.transaction {
            session
                .batch("COMMIT")
                .await
                .map_err(|failure| report.outside("cannot commit", failure))?;
        }
        Ok(())
    }

    async fn statement(
        &self,
        session: &Session,
        script: &Script,
        statement: &Statement,
    ) -> Result<()> {
        let text = &statement.text;
        let from_dump = script.dumped_from.is_some();
        match &statement.kind {
            StatementKind::Sql => session.batch(text).await,
            StatementKind::Copy { data, .. } => {
                session.copy_in(text, data.as_bytes()).await.map(drop)
            }
            StatementKind::CreateRole { name } => self.create_role(session, text, name).await,
            StatementKind::CreateTablespace { name, location_range } => {
                self.create_tablespace(session, text, name, *location_range).await
            }
            StatementKind::Setting { name } if from_dump => match guarded(session, text).await {
                Err(failure) if Complaint::is(&failure, "42704") => {
                    self.listener.notice(format!(
                        "{}:{}: this server does not know the setting `{name}`; passed over",
                        script.file, statement.line
                    ));
                    Ok(())
                }
                other => other,
            },
            StatementKind::Setting { .. } => session.batch(text).await,
            // Left out; the recipe's notices say so.
            StatementKind::DatabaseLevel => Ok(()),
        }
    }

    async fn create_role(&self, session: &Session, text: &str, name: &str) -> Result<()> {
        if !role_exists(session, name).await? {
            match guarded(session, text).await {
                Ok(()) => {
                    if self.globals == Globals::Theirs {
                        self.listener.notice(format!(
                            "the recipe created the role `{name}`, which stays on this server"
                        ));
                    }
                    return Ok(());
                }
                // Another build was faster: duplicate_object, unique_violation.
                Err(failure)
                    if Complaint::is(&failure, "42710") || Complaint::is(&failure, "23505") => {}
                Err(failure) => return Err(failure),
            }
        }
        let keep = self.globals == Globals::Theirs || is_own_role(session, name).await?;
        let alterations = if keep { None } else { role::as_alteration(text, name) };
        let Some(alterations) = alterations else {
            self.listener.notice(format!("the role `{name}` exists and is left as it is"));
            return Ok(());
        };
        for alteration in alterations {
            alter_role(session, &alteration).await?;
        }
        Ok(())
    }

    /// Creates what a dump mentions and the server lacks.
    async fn supply_roles(&self, session: &Session, script: &Script) -> Result<()> {
        for name in &script.roles_mentioned {
            if role_exists(session, name).await? {
                continue;
            }
            let create = format!("CREATE ROLE {} NOLOGIN", quote_ident(name));
            if self.globals == Globals::Theirs {
                return Err(Failure::new(
                    Kind::Build,
                    format!("{} mentions the role `{name}`, which this server lacks", script.file),
                )
                .hint(format!("{create};")));
            }
            match guarded(session, &create).await {
                Err(failure)
                    if !Complaint::is(&failure, "42710") && !Complaint::is(&failure, "23505") =>
                {
                    let doing = format!("cannot create the role `{name}` for {}", script.file);
                    return Err(Failure::new(Kind::Build, doing).because(failure));
                }
                _ => self.listener.notice(format!(
                    "{} mentions the role `{name}`: created without login",
                    script.file
                )),
            }
        }
        Ok(())
    }

    async fn create_tablespace(
        &self,
        session: &Session,
        text: &str,
        name: &str,
        location: (usize, usize),
    ) -> Result<()> {
        let query = format!("SELECT 1 FROM pg_tablespace WHERE spcname = {}", quote_literal(name));
        if session.value(&query).await?.is_some() {
            self.listener.notice(format!("the tablespace `{name}` exists and is left as it is"));
            return Ok(());
        }
        let root = self.tablespaces.filter(|_| self.globals == Globals::Ours);
        let Some(root) = root else { return session.batch(text).await };
        let folder = root.prepare(name)?;
        match tablespace::relocated(text, location, &folder) {
            Some(text) => session.batch(&text).await,
            None => session.batch(text).await,
        }
    }
}

async fn role_exists(session: &Session, name: &str) -> Result<bool> {
    let query = format!("SELECT 1 FROM pg_roles WHERE rolname = {}", quote_literal(name));
    Ok(session.value(&query).await?.is_some())
}

/// Whether a role is the one we work as, or the cluster's first superuser
/// (OID 10): a dump of all roles must not take its rights away.
async fn is_own_role(session: &Session, name: &str) -> Result<bool> {
    let query = format!(
        "SELECT oid = 10 OR rolname IN (session_user, current_user) FROM pg_roles \
         WHERE rolname = {}",
        quote_literal(name)
    );
    Ok(session.value(&query).await?.as_deref() == Some("t"))
}

/// Changes a role; two sessions that change one at the same time make the
/// server answer "tuple concurrently updated" (XX000) to the second.
async fn alter_role(session: &Session, sql: &str) -> Result<()> {
    let mut attempt = 1;
    loop {
        match guarded(session, sql).await {
            Err(failure) if attempt < ROLE_ATTEMPTS && Complaint::is(&failure, "XX000") => {
                attempt += 1;
            }
            other => return other,
        }
    }
}

/// Runs a statement whose failure must not poison an open transaction.
async fn guarded(session: &Session, sql: &str) -> Result<()> {
    let inside = in_transaction(session).await?;
    let done = session.batch(sql).await;
    if inside {
        if done.is_err() {
            session.batch("ROLLBACK TO seedbed_guard").await?;
        }
        session.batch("RELEASE seedbed_guard").await?;
    }
    done
}

/// Whether a transaction is open; if so, sets the savepoint `seedbed_guard`.
async fn in_transaction(session: &Session) -> Result<bool> {
    match session.batch("SAVEPOINT seedbed_guard").await {
        Ok(()) => Ok(true),
        // no_active_sql_transaction
        Err(failure) if Complaint::is(&failure, "25P01") => Ok(false),
        Err(failure) => Err(failure),
    }
}
