//! Databases a person wants to look at: what a failed test left.

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Session, Target, quote_ident};

use crate::inventory::{self, State};
use crate::lock::{APPLICATION, CONNECT_WAIT};
use crate::marker::{Keepsake, Marker};
use crate::removal::drop_database;

/// A kept database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDatabase {
    /// Its name.
    pub database: String,
    /// Where it comes from.
    pub from: Keepsake,
}

/// The kept databases of a server, by name.
///
/// # Errors
/// Those of [`Session::connect`]; `Database` with the server's reason.
pub async fn kept(admin: &Target) -> Result<Vec<KeptDatabase>> {
    let session = Session::connect(admin, APPLICATION, CONNECT_WAIT).await?;
    let all = inventory::all(&session).await?;
    session.close().await;
    let kept = all.into_iter().filter(|found| found.state() == State::Kept);
    Ok(kept
        .filter_map(|found| match found.marker {
            Some(Marker::Kept(from)) => Some(KeptDatabase { database: found.name, from }),
            _ => None,
        })
        .collect())
}

/// On a server that is about to be stored for what was kept on it: drops every
/// other database of ours, so that little is stored.
///
/// # Errors
/// Those of [`Session::connect`]; `Database` with the server's reason. The
/// first failure to drop one, after all have been tried.
pub async fn drop_all_but_kept(admin: &Target) -> Result<()> {
    let mut first = Ok(());
    let session = Session::connect(admin, APPLICATION, CONNECT_WAIT).await?;
    for found in inventory::all(&session).await? {
        if matches!(found.state(), State::Kept | State::Foreign) {
            continue;
        }
        let dropped = async {
            if !found.is_invalid() {
                let name = quote_ident(&found.name);
                session.batch(&format!("ALTER DATABASE {name} IS_TEMPLATE false")).await?;
            }
            drop_database(&session, admin, &found).await
        };
        first = first.and(dropped.await);
    }
    session.close().await;
    first
}

/// Drops a kept database, with whoever is connected to it.
///
/// # Errors
/// `Refused` if there is no kept database of this name; `Timeout` if somebody
/// stays connected; `Database` with the server's reason.
pub async fn drop_kept(admin: &Target, name: &str) -> Result<()> {
    let session = Session::connect(admin, APPLICATION, CONNECT_WAIT).await?;
    let found = inventory::named(&session, name).await?;
    let Some(found) = found.filter(|found| matches!(found.marker, Some(Marker::Kept(_)))) else {
        return Err(Failure::new(
            Kind::Refused,
            format!("`{name}` is not a database that Seedbed kept"),
        )
        .hint("seedbed kept ls"));
    };
    let done = drop_database(&session, admin, &found).await;
    session.close().await;
    done
}
