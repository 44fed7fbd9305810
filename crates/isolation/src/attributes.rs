//! What `CREATE DATABASE … TEMPLATE` leaves behind: settings of the database
//! and of roles in it, privileges, owner, connection limit (manual, "CREATE
//! DATABASE", notes). They are read from the source's catalogs and replayed.

use std::collections::BTreeMap;

use seedbed_api::Result;
use seedbed_db::{Session, quote_ident, quote_literal};

use crate::marker::BORN;

/// Settings whose value is a list of quoted names (`GUC_LIST_QUOTE`); each
/// item must be quoted by itself, as in `pg_dump`'s `variable_is_guc_list_quote`.
const LIST_SETTINGS: &[&str] = &[
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// Statements that give database `to` what database `from` has. Its first
/// mark is taken off by them; so they come after the comment.
pub(crate) async fn replayed(session: &Session, from: &str, to: &str) -> Result<Vec<String>> {
    let mut statements = settings(session, from, to).await?;
    let query = format!(
        "SELECT d.datconnlimit, o.rolname, o.rolname = current_user, d.datacl IS NOT NULL \
         FROM pg_database d JOIN pg_roles o ON o.oid = d.datdba WHERE d.datname = {}",
        quote_literal(from)
    );
    let row = session.rows(&query).await?.into_iter().next().unwrap_or_default();
    let field = |index: usize| row.get(index).and_then(Option::as_deref);
    let to_name = quote_ident(to);
    if field(3) == Some("t") {
        statements.extend(privileges(session, from, to).await?);
    }
    let limit = field(0).filter(|limit| *limit != BORN.to_string()).unwrap_or("-1");
    statements.push(format!("ALTER DATABASE {to_name} CONNECTION LIMIT {limit}"));
    // Last: a role that is no superuser may do nothing more afterwards.
    if let (Some(owner), Some("f")) = (field(1), field(2)) {
        statements.push(format!("ALTER DATABASE {to_name} OWNER TO {}", quote_ident(owner)));
    }
    Ok(statements)
}

async fn settings(session: &Session, from: &str, to: &str) -> Result<Vec<String>> {
    let query = format!(
        "SELECT r.rolname, unnest(s.setconfig) FROM pg_db_role_setting s \
         JOIN pg_database d ON d.oid = s.setdatabase \
         LEFT JOIN pg_roles r ON r.oid = s.setrole \
         WHERE d.datname = {} ORDER BY r.rolname NULLS FIRST",
        quote_literal(from)
    );
    let to = quote_ident(to);
    let mut statements = Vec::new();
    for row in session.rows(&query).await? {
        let [role, setting] = row.as_slice() else { continue };
        let Some((name, value)) = setting.as_deref().and_then(|text| text.split_once('=')) else {
            continue;
        };
        let subject = match role {
            Some(role) => format!("ROLE {} IN DATABASE {to}", quote_ident(role)),
            None => format!("DATABASE {to}"),
        };
        statements.push(format!("ALTER {subject} SET {} TO {}", dotted(name), quoted(name, value)));
    }
    Ok(statements)
}

async fn privileges(session: &Session, from: &str, to: &str) -> Result<Vec<String>> {
    let query = format!(
        "SELECT g.rolname, a.privilege_type, a.is_grantable, a.grantee = 0 \
         FROM pg_database d, aclexplode(d.datacl) a \
         LEFT JOIN pg_roles g ON g.oid = a.grantee \
         WHERE d.datname = {} ORDER BY 1, 2",
        quote_literal(from)
    );
    let to = quote_ident(to);
    // By grantee and grantability: the privileges.
    let mut granted: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
    for row in session.rows(&query).await? {
        let [role, privilege, grantable, public] = row.as_slice() else { continue };
        let grantee = match (role, public.as_deref()) {
            (_, Some("t")) => "PUBLIC".to_owned(),
            (Some(role), _) => quote_ident(role),
            // A role that was dropped by force.
            (None, _) => continue,
        };
        let Some(privilege) = privilege else { continue };
        let key = (grantee, grantable.as_deref() == Some("t"));
        granted.entry(key).or_default().push(privilege.clone());
    }
    let mut statements = vec![format!("REVOKE ALL ON DATABASE {to} FROM PUBLIC, CURRENT_USER")];
    for ((grantee, grantable), privileges) in granted {
        let option = if grantable { " WITH GRANT OPTION" } else { "" };
        let privileges = privileges.join(", ");
        statements.push(format!("GRANT {privileges} ON DATABASE {to} TO {grantee}{option}"));
    }
    Ok(statements)
}

/// A setting's name; an extension's has a dot that must stay outside quotes.
fn dotted(name: &str) -> String {
    name.split('.').map(quote_ident).collect::<Vec<_>>().join(".")
}

fn quoted(name: &str, value: &str) -> String {
    if !LIST_SETTINGS.contains(&name.to_ascii_lowercase().as_str()) {
        return quote_literal(value);
    }
    let items: Vec<String> = items(value).iter().map(|item| quote_literal(item)).collect();
    if items.is_empty() { "''".to_owned() } else { items.join(", ") }
}

/// The items of a stored list, `"$user", public`, without their quotes
/// (`SplitGUCList` of the server: no case folding).
fn items(list: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut characters = list.chars().peekable();
    loop {
        while characters.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
        let Some(first) = characters.next() else { return items };
        let mut item = String::new();
        if first == '"' {
            while let Some(character) = characters.next() {
                if character == '"' && characters.next_if_eq(&'"').is_none() {
                    break;
                }
                item.push(character);
            }
        } else {
            item.push(first);
            while let Some(character) = characters.next_if(|c| *c != ',' && !c.is_whitespace()) {
                item.push(character);
            }
        }
        items.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_settings_are_quoted_item_by_item() {
        for (name, value, expected) in [
            ("search_path", "\"$user\", public", "'$user', 'public'"),
            ("search_path", "\"\"", "''"),
            ("search_path", "", "''"),
            ("search_path", "\"a\"\"b\",c", "'a\"b', 'c'"),
            ("Search_Path", "a, b", "'a', 'b'"),
            ("work_mem", "4MB", "'4MB'"),
            ("DateStyle", "ISO, DMY", "'ISO, DMY'"),
            ("app.name", "it's", "'it''s'"),
        ] {
            assert_eq!(quoted(name, value), expected, "{name} = {value}");
        }
        assert_eq!(dotted("app.tenant"), "\"app\".\"tenant\"");
    }
}
