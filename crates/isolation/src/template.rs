//! Building a recipe once. One process builds under the template's lock, the
//! others wait for it and use the result. A builder that dies frees the lock;
//! the next one drops what it left and starts again. Layers that a sealed
//! template already holds are not built again: the new one begins as its copy.

use std::collections::{HashMap, HashSet};

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Session, quote_ident};
use seedbed_recipe::{Fingerprint, Recipe};

use crate::Shared;
use crate::inventory::{self, Found, State};
use crate::lock::lock_template;
use crate::marker::{Marker, template_name};
use crate::roles::RoleRecord;

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
            None => Box::pin(self.build(&session, recipe)).await?,
        };
        session.close().await;
        Ok(template)
    }
}

/// The complete template under this name.
pub(crate) async fn ready(
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
        State::Template(_) | State::Clone { .. } | State::Kept | State::Foreign => {
            Err(refused("is in the way: Seedbed needs its name but did not make it")
                .hint(format!("ALTER DATABASE {} RENAME TO other_name;", quote_ident(name))))
        }
    }
}

/// How many of the recipe's layers a sealed template holds, and which one.
pub(crate) async fn longest_prefix(
    session: &Session,
    recipe: &Recipe,
) -> Result<(usize, Option<Found>)> {
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
