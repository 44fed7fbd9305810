//! What a template gets before it is sealed, besides its recipe: the undo
//! journal of the rewind lane, or what the truncate lane needs. A finished
//! template is one of its own, because applications pay for the journal with
//! each write and a plain run shall not.

use seedbed_api::lease::LaneChoice;
use seedbed_api::{Failure, Listener, Result};
use seedbed_db::{Session, Target};
use seedbed_recipe::Fingerprint;

use crate::inventory::State;
use crate::lock::{APPLICATION, CONNECT_WAIT, lock_template, template_key};
use crate::marker::{Marker, template_name};
use crate::sealing::seal;
use crate::template::ready;
use crate::{Shared, Template, copying, journal, removal, truncate};

/// What a template is prepared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finish {
    /// Nothing.
    Plain,
    /// The rewind lane. Takes a superuser.
    Journal,
    /// The truncate lane.
    Truncate,
}

impl Finish {
    /// What a template is finished with, for a wanted lane and a role that is
    /// superuser or not.
    ///
    /// # Errors
    /// `LaneImpossible` where rights do not allow the lane.
    pub fn for_lane(wanted: LaneChoice, superuser: bool) -> Result<Self> {
        crate::lease::finish(wanted, superuser)
    }

    /// The fingerprint of a recipe's result with this finish, and with the
    /// statements in `before` run first.
    #[must_use]
    pub fn fingerprint(self, recipe: &Fingerprint, before: &str) -> Fingerprint {
        let parts = [recipe.as_bytes().as_slice(), before.as_bytes()];
        match self {
            Self::Plain if before.is_empty() => *recipe,
            Self::Plain => Fingerprint::of("seedbed plain 1", &parts),
            Self::Journal => {
                Fingerprint::of(&format!("seedbed journal {}", journal::FORMAT), &parts)
            }
            Self::Truncate => {
                Fingerprint::of(&format!("seedbed truncate {}", truncate::FORMAT), &parts)
            }
        }
    }

    /// Finishes a database, after the statements in `before`; nobody else may
    /// be connected to it.
    ///
    /// # Errors
    /// `Refused` if the role may not; `Database` with the server's reason.
    pub async fn apply(
        self,
        database: &Target,
        before: &str,
        listener: &dyn Listener,
    ) -> Result<()> {
        if self == Self::Plain && before.is_empty() {
            return Ok(());
        }
        let session = Session::connect(database, APPLICATION, CONNECT_WAIT).await?;
        session.batch(before).await?;
        match self {
            Self::Plain => {}
            Self::Journal => drop(journal::bake(&session, listener).await?),
            Self::Truncate => drop(truncate::bake(&session, listener).await?),
        }
        session.close().await;
        Ok(())
    }
}

impl Shared<'_> {
    /// The template with a finish, made from the plain one if need be, after
    /// the statements in `before`.
    ///
    /// # Errors
    /// As [`Shared::ensure_template`]; `Refused` if the role may not.
    pub async fn finished(
        &self,
        plain: &Template,
        finish: Finish,
        before: &str,
    ) -> Result<Template> {
        let fingerprint = finish.fingerprint(&plain.fingerprint, before);
        if fingerprint == plain.fingerprint {
            return Ok(plain.clone());
        }
        let name = template_name(&fingerprint);
        let session = self.connect().await?;
        let mut template = ready(&session, &name, &fingerprint).await?;
        if template.is_none() {
            lock_template(&session, &fingerprint, self.build_wait, self.listener).await?;
            template = ready(&session, &name, &fingerprint).await?;
        }
        if template.is_none() {
            let unfinished = State::Unfinished { lock: template_key(&fingerprint) };
            removal::drop_if(&session, self.admin, &name, &unfinished).await?;
            let made: Result<(), Failure> = async {
                let roles = Vec::new();
                let begun = Marker::Template { fingerprint: fingerprint.to_string(), roles };
                copying::copy(&session, Some(&plain.name), &name, &begun).await?;
                finish.apply(&self.admin.with_database(&name), before, self.listener).await?;
                let roles = plain.roles.clone();
                let done = Marker::Template { fingerprint: fingerprint.to_string(), roles };
                seal(&session, &name, &done).await
            }
            .await;
            if let Err(failure) = made {
                self.drop_if(&session, &name, &unfinished).await;
                return Err(failure);
            }
        }
        session.close().await;
        Ok(Template { name, fingerprint, layers_built: 0, roles: plain.roles.clone() })
    }
}
