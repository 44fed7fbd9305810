//! Building a recipe once. One process builds under the template's lock, the
//! others wait for it and use the result. A builder that dies frees the lock;
//! the next one drops what it left and starts again. Layers that a sealed
//! template already holds are not built again: the new one begins as its copy.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use seedbed_api::{Event, Failure, Kind, Phase, Result};
use seedbed_db::{Apply, Complaint, Session, Target, quote_ident, quote_literal};
use seedbed_recipe::{Action, Fingerprint, Layer, Recipe, StatementKind};
use tokio::time::sleep;

use crate::inventory::{self, Found, State};
use crate::lock::{CONNECT_WAIT, lock_template, template_key};
use crate::marker::{BORN, Marker, template_name};
use crate::roles::RoleRecord;
use crate::{Shared, copying, removal, roles};

/// `application_name` of the session that runs a recipe.
const BUILDER: &str = "seedbed build";
/// How long sessions of a recipe may take to end by themselves.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long until a template that cannot be sealed is given up.
const SEAL_WAIT: Duration = Duration::from_secs(10);
/// Pause between two looks at a database's sessions.
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// A sealed database that holds a recipe's result.
#[derive(Clone, Debug)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// What it was made from.
    pub fingerprint: Fingerprint,
    /// How many layers this call ran; 0 where the template existed.
    pub layers_built: usize,
    pub(crate) roles: Vec<RoleRecord>,
}

impl Shared<'_> {
    /// The template of a recipe, built if it does not exist.
    ///
    /// # Errors
    /// `Build` with file and line if a layer fails (nothing of it stays),
    /// `Timeout` if another builder takes too long, `Refused` if a database
    /// under the template's name is not ours.
    pub async fn ensure_template(&self, recipe: &Recipe) -> Result<Template> {
        let fingerprint = recipe.fingerprint();
        let name = template_name(&fingerprint);
        let session = self.connect().await?;
        let mut template = ready(&session, &name, &fingerprint).await?;
        if template.is_none() {
            lock_template(&session, &fingerprint, self.build_wait, self.listener).await?;
            template = ready(&session, &name, &fingerprint).await?;
        }
        let template = match template {
            Some(template) => template,
            None => Box::pin(self.build(&session, recipe, name)).await?,
        };
        session.close().await;
        Ok(template)
    }

    /// Builds under the lock that `session` holds.
    async fn build(&self, session: &Session, recipe: &Recipe, name: String) -> Result<Template> {
        let fingerprint = recipe.fingerprint();
        let unfinished = State::Unfinished { lock: template_key(&fingerprint) };
        removal::drop_if(session, self.admin, &name, &unfinished).await?;
        for notice in &recipe.notices {
            self.listener.notice(notice.clone());
        }
        let made = self.build_inside(session, recipe, &name).await;
        match made {
            Ok((layers_built, roles)) => Ok(Template { name, fingerprint, layers_built, roles }),
            Err(failure) => {
                self.drop_if(session, &name, &unfinished).await;
                Err(failure)
            }
        }
    }

    async fn build_inside(
        &self,
        session: &Session,
        recipe: &Recipe,
        name: &str,
    ) -> Result<(usize, Vec<RoleRecord>)> {
        let marker =
            |roles| Marker::Template { fingerprint: recipe.fingerprint().to_string(), roles };
        let (mut done, mut base) = longest_prefix(session, recipe).await?;
        let from = base.as_ref().map(|found| found.name.as_str());
        match copying::copy(session, from, name, &marker(Vec::new())).await {
            // invalid_catalog_name: the shorter template was dropped meanwhile.
            Err(failure) if base.is_some() && Complaint::is(&failure, "3D000") => {
                (done, base) = (0, None);
                copying::copy(session, None, name, &marker(Vec::new())).await?;
            }
            other => other?,
        }
        let mut created = BTreeSet::new();
        if let Some(Marker::Template { roles, .. }) = base.and_then(|found| found.marker) {
            created.extend(roles.into_iter().map(|role| role.name));
        }
        let target = self.admin.with_database(name);
        self.run_layers(&target, &recipe.layers, done, &mut created).await?;
        let created: Vec<String> = created.into_iter().collect();
        let roles = roles::records(session, &created).await?;
        seal(session, name, &marker(roles.clone())).await?;
        Ok((recipe.layers.len() - done, roles))
    }

    /// Runs the layers after the first `done`; collects the roles they create.
    async fn run_layers(
        &self,
        target: &Target,
        layers: &[Layer],
        done: usize,
        created: &mut BTreeSet<String>,
    ) -> Result<()> {
        let apply =
            Apply { globals: self.globals, tablespaces: self.tablespaces, listener: self.listener };
        let mut open: Option<Session> = None;
        for (index, layer) in layers.iter().enumerate().skip(done) {
            let progress = |took_us| {
                self.listener.on(&Event::Progress {
                    phase: Phase::Migrate,
                    done: index as u64 + 1,
                    total: layers.len() as u64,
                    detail: layer.name.clone(),
                    took_us,
                });
            };
            progress(None);
            let began = Instant::now();
            match layer.action()? {
                Action::Script(script) => {
                    let session = fresh(open.take(), target).await?;
                    let session = open.insert(session);
                    apply.run(session, &script).await?;
                    for statement in script.statements {
                        if let StatementKind::CreateRole { name } = statement.kind {
                            created.insert(name);
                        }
                    }
                    created.extend(script.roles_mentioned);
                }
                Action::Command { argv } => {
                    if let Some(session) = open.take() {
                        session.close().await;
                    }
                    self.run_command.run(&argv, target).await?;
                }
            }
            progress(Some(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)));
        }
        if let Some(session) = open {
            session.close().await;
        }
        Ok(())
    }
}

/// A session in the state every layer begins with, whether the layer before
/// it ran in the same process or its result came from a template.
async fn fresh(open: Option<Session>, target: &Target) -> Result<Session> {
    let session = match open {
        Some(session) => {
            session.reset().await?;
            session
        }
        None => Session::connect(target, BUILDER, CONNECT_WAIT).await?,
    };
    session.batch("SET synchronous_commit TO off").await?;
    Ok(session)
}

/// The complete template under this name.
async fn ready(
    session: &Session,
    name: &str,
    fingerprint: &Fingerprint,
) -> Result<Option<Template>> {
    let Some(found) = inventory::named(session, name).await? else { return Ok(None) };
    let refused = |why: &str| Failure::new(Kind::Refused, format!("the database `{name}` {why}"));
    match found.state() {
        State::Unfinished { .. } => Ok(None),
        State::Template(of) if of == *fingerprint && !found.owned => {
            Err(refused("was built by another role")
                .hint("use the role that built it, or a server of your own: --server auto"))
        }
        State::Template(of) if of == *fingerprint => {
            let roles = match found.marker {
                Some(Marker::Template { roles, .. }) => roles,
                _ => Vec::new(),
            };
            let (name, fingerprint) = (found.name, of);
            Ok(Some(Template { name, fingerprint, layers_built: 0, roles }))
        }
        State::Template(_) | State::Clone { .. } | State::Foreign => {
            Err(refused("is in the way: Seedbed needs its name but did not make it")
                .hint(format!("ALTER DATABASE {} RENAME TO other_name;", quote_ident(name))))
        }
    }
}

/// How many of the recipe's layers a sealed template holds, and which one.
async fn longest_prefix(session: &Session, recipe: &Recipe) -> Result<(usize, Option<Found>)> {
    let mut sealed = HashMap::new();
    for found in inventory::all(session).await? {
        if let (State::Template(fingerprint), true) = (found.state(), found.owned) {
            sealed.insert(fingerprint, found);
        }
    }
    let known: HashSet<Fingerprint> = sealed.keys().copied().collect();
    let done = recipe.shared_prefix(&known);
    let last = done.checked_sub(1).and_then(|index| recipe.layers.get(index));
    Ok((done, last.and_then(|layer| sealed.remove(&layer.fingerprint))))
}

/// Ends the build: nobody is connected, nobody can connect, complete.
async fn seal(session: &Session, name: &str, marker: &Marker) -> Result<()> {
    let quoted = quote_ident(name);
    session.batch(&format!("ALTER DATABASE {quoted} ALLOW_CONNECTIONS false")).await?;
    wait_until_alone(session, name).await?;
    copying::describe(session, name, marker).await?;
    // A limit the recipe set itself stays.
    let query =
        format!("SELECT datconnlimit FROM pg_database WHERE datname = {}", quote_literal(name));
    let born = session.value(&query).await? == Some(BORN.to_string());
    let limit = if born { " CONNECTION LIMIT -1" } else { "" };
    session.batch(&format!("ALTER DATABASE {quoted} IS_TEMPLATE true{limit}")).await
}

/// Waits for sessions to end; after a second it ends them. A session left on
/// a template would make every clone wait five seconds and fail (55006).
async fn wait_until_alone(session: &Session, name: &str) -> Result<()> {
    let name = quote_literal(name);
    let count = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = {name}");
    let end =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {name}");
    let began = Instant::now();
    let mut impatient = false;
    while session.value(&count).await?.as_deref() != Some("0") {
        if began.elapsed() > SEAL_WAIT {
            return Err(Failure::new(
                Kind::Timeout,
                format!("sessions of the recipe do not leave the database {name}"),
            ));
        }
        if began.elapsed() > PATIENCE && !impatient {
            impatient = true;
            session.batch(&end).await?;
        }
        sleep(LOOK_PAUSE).await;
    }
    Ok(())
}
