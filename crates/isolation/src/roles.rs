//! Roles a recipe created, as its template remembers them. Roles are
//! cluster-wide and may vanish while the template stays; on a server of ours
//! they are created again before the next clone. Passwords are not
//! remembered: the comment that holds the record is readable by every role.

use seedbed_api::{Listener, Result};
use seedbed_db::{Complaint, Session, quote_ident, quote_literal};
use serde::{Deserialize, Serialize};

/// One role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoleRecord {
    pub(crate) name: String,
    /// Words of [`ATTRIBUTES`] that hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attributes: Vec<String>,
    /// Roles it is a member of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) member_of: Vec<String>,
}

/// Column of `pg_roles`, and the words for true and false.
const ATTRIBUTES: &[(&str, &str, &str)] = &[
    ("rolsuper", "SUPERUSER", "NOSUPERUSER"),
    ("rolinherit", "INHERIT", "NOINHERIT"),
    ("rolcreaterole", "CREATEROLE", "NOCREATEROLE"),
    ("rolcreatedb", "CREATEDB", "NOCREATEDB"),
    ("rolcanlogin", "LOGIN", "NOLOGIN"),
    ("rolreplication", "REPLICATION", "NOREPLICATION"),
    ("rolbypassrls", "BYPASSRLS", "NOBYPASSRLS"),
];

/// Reads the named roles; those that do not exist are left out.
pub(crate) async fn records(session: &Session, names: &[String]) -> Result<Vec<RoleRecord>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let columns: Vec<&str> = ATTRIBUTES.iter().map(|(column, _, _)| *column).collect();
    let query = format!(
        "SELECT r.rolname, (SELECT json_agg(g.rolname ORDER BY g.rolname) \
                FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid \
                WHERE m.member = r.oid), {} \
         FROM pg_roles r WHERE r.rolname IN ({}) ORDER BY r.rolname",
        columns.join(", "),
        literals(names)
    );
    let rows = session.rows(&query).await?;
    let record = |row: Vec<Option<String>>| {
        let mut fields = row.into_iter();
        let name = fields.next()??;
        let member_of = fields.next()?.and_then(|json| serde_json::from_str(&json).ok());
        let attributes = fields
            .zip(ATTRIBUTES)
            .map(|(value, (_, yes, no))| if value.as_deref() == Some("t") { yes } else { no })
            .map(|word| (*word).to_owned())
            .collect();
        Some(RoleRecord { name, attributes, member_of: member_of.unwrap_or_default() })
    };
    Ok(rows.into_iter().filter_map(record).collect())
}

/// Creates the recorded roles that have vanished, then their memberships.
pub(crate) async fn restore(
    session: &Session,
    roles: &[RoleRecord],
    listener: &dyn Listener,
) -> Result<()> {
    let names: Vec<String> = roles.iter().map(|role| role.name.clone()).collect();
    let present = records(session, &names).await?;
    let missing = || roles.iter().filter(|role| present.iter().all(|one| one.name != role.name));
    for role in missing() {
        // Only words we wrote ourselves: a comment is not a source of SQL.
        let known =
            |word: &&String| ATTRIBUTES.iter().any(|(_, yes, no)| word == yes || word == no);
        let words: Vec<&str> = role.attributes.iter().filter(known).map(String::as_str).collect();
        let create = format!("CREATE ROLE {} {}", quote_ident(&role.name), words.join(" "));
        match session.batch(&create).await {
            // Another process was faster.
            Err(failure) if !exists_already(&failure) => return Err(failure),
            _ => listener.notice(format!(
                "the recipe's role `{}` had vanished: created again, without a password",
                role.name
            )),
        }
    }
    for role in missing() {
        for group in &role.member_of {
            let grant = format!("GRANT {} TO {}", quote_ident(group), quote_ident(&role.name));
            session.batch(&grant).await?;
        }
    }
    Ok(())
}

fn exists_already(failure: &seedbed_api::Failure) -> bool {
    Complaint::is(failure, "42710") || Complaint::is(failure, "23505")
}

fn literals(names: &[String]) -> String {
    names.iter().map(|name| quote_literal(name)).collect::<Vec<_>>().join(", ")
}
