//! Building a template under its lock: from the longest template at hand, and
//! with a template kept on the way where the work was worth it.

use std::collections::BTreeSet;

use seedbed_api::{Failure, Result};
use seedbed_db::{Apply, Complaint, Session, Target};
use seedbed_recipe::{Fingerprint, Layer, Recipe, Script, StatementKind};

use crate::inventory::{self, State};
use crate::layering::{Keeping, Layering};
use crate::lock::{template_key, try_lock, unlock};
use crate::marker::{Marker, template_name};
use crate::sealing::{seal, wait_until_alone};
use crate::template::longest_prefix;
use crate::{Shared, Template, copying, removal, roles};

/// A database under construction.
struct Site<'a> {
    /// In the maintenance database; holds the template's lock.
    session: &'a Session,
    target: Target,
    layers: &'a [Layer],
    /// Roles the layers so far created.
    roles: BTreeSet<String>,
}

impl Shared<'_> {
    /// Builds under the lock that `session` holds.
    pub(crate) async fn build(&self, session: &Session, recipe: &Recipe) -> Result<Template> {
        let fingerprint = recipe.fingerprint();
        let name = template_name(&fingerprint);
        let unfinished = State::Unfinished { lock: template_key(&fingerprint) };
        removal::drop_if(session, self.admin, &name, &unfinished).await?;
        for notice in &recipe.notices {
            self.listener.notice(notice.clone());
        }
        let made = self.build_inside(session, recipe, &name).await;
        if made.is_err() {
            self.drop_if(session, &name, &unfinished).await;
        }
        made
    }

    async fn build_inside(
        &self,
        session: &Session,
        recipe: &Recipe,
        name: &str,
    ) -> Result<Template> {
        let fingerprint = recipe.fingerprint();
        let marker = marker(&fingerprint, Vec::new());
        let (mut done, mut base) = longest_prefix(session, recipe).await?;
        let from = base.as_ref().map(|found| found.name.as_str());
        match copying::copy(session, from, name, &marker).await {
            // invalid_catalog_name: the shorter template was dropped meanwhile.
            Err(failure) if base.is_some() && Complaint::is(&failure, "3D000") => {
                (done, base) = (0, None);
                copying::copy(session, None, name, &marker).await?;
            }
            other => other?,
        }
        let target = self.admin.with_database(name);
        let mut site = Site { session, target, layers: &recipe.layers, roles: BTreeSet::new() };
        if let Some(Marker::Template { roles, .. }) = base.and_then(|found| found.marker) {
            site.roles.extend(roles.into_iter().map(|role| role.name));
        }
        self.run_layers(&mut site, done).await?;
        let roles = site.seal_as(name, &fingerprint).await?;
        let layers_built = recipe.layers.len() - done;
        Ok(Template { name: name.to_owned(), fingerprint, layers_built, roles })
    }

    /// Runs the layers after the first `done`.
    async fn run_layers(&self, site: &mut Site<'_>, mut done: usize) -> Result<()> {
        let (layers, target) = (site.layers, site.target.clone());
        let layering = Layering {
            layers,
            apply: self.apply(),
            run_command: self.run_command,
            target: &target,
            command_target: &target,
        };
        let mut keeping = Keeping::new();
        loop {
            done = layering
                .run(
                    done,
                    |script| site.note_roles(script),
                    |done| keeping.is_due(done, layers.len()),
                )
                .await?;
            if done == layers.len() {
                return Ok(());
            }
            self.checkpoint(site, done).await;
            keeping.kept();
        }
    }

    fn apply(&self) -> Apply<'_> {
        Apply { globals: self.globals, tablespaces: self.tablespaces, listener: self.listener }
    }

    /// Keeps the first `count` layers as a template of their own. Worth a
    /// warning if it fails, not the build.
    async fn checkpoint(&self, site: &Site<'_>, count: usize) {
        let Some(layer) = site.layers.get(count - 1) else { return };
        let key = template_key(&layer.fingerprint);
        let kept = match try_lock(site.session, key).await {
            // Someone is building just that.
            Ok(false) => return,
            Ok(true) => self.keep(site, &layer.fingerprint).await,
            Err(failure) => Err(failure),
        };
        let kept = kept.and(unlock(site.session, key).await);
        if let Err(failure) = kept {
            let layer = &layer.name;
            let why = failure.chain();
            self.listener.warning(format!("the state after {layer} is not kept: {why}"), None);
        }
    }

    /// Copies the database under construction into a template.
    async fn keep(&self, site: &Site<'_>, fingerprint: &Fingerprint) -> Result<()> {
        let session = site.session;
        let name = template_name(fingerprint);
        let unfinished = State::Unfinished { lock: template_key(fingerprint) };
        removal::drop_if(session, self.admin, &name, &unfinished).await?;
        if inventory::named(session, &name).await?.is_some() {
            return Ok(());
        }
        let source = &site.target.database;
        let kept: Result<(), Failure> = async {
            wait_until_alone(session, source).await?;
            let marker = marker(fingerprint, Vec::new());
            copying::copy(session, Some(source), &name, &marker).await?;
            site.seal_as(&name, fingerprint).await.map(drop)
        }
        .await;
        if kept.is_err() {
            self.drop_if(session, &name, &unfinished).await;
        }
        kept
    }
}

impl Site<'_> {
    fn note_roles(&mut self, script: Script) {
        for statement in script.statements {
            if let StatementKind::CreateRole { name } = statement.kind {
                self.roles.insert(name);
            }
        }
        self.roles.extend(script.roles_mentioned);
    }

    async fn seal_as(
        &self,
        name: &str,
        fingerprint: &Fingerprint,
    ) -> Result<Vec<roles::RoleRecord>> {
        let names: Vec<String> = self.roles.iter().cloned().collect();
        let roles = roles::records(self.session, &names).await?;
        seal(self.session, name, &marker(fingerprint, roles.clone())).await?;
        Ok(roles)
    }
}

fn marker(fingerprint: &Fingerprint, roles: Vec<roles::RoleRecord>) -> Marker {
    Marker::Template { fingerprint: fingerprint.to_string(), roles }
}
