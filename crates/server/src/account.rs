//! The account a server runs under. PostgreSQL refuses to run as root, so as
//! root it is started as an unprivileged user of the system; the person is
//! never asked to do that.

use std::fs;
use std::path::Path;

use seedbed_api::{Context, Failure, Kind, Result};

/// An account of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Numeric user.
    pub uid: u32,
    /// Numeric primary group.
    pub gid: u32,
    /// Its name.
    pub name: String,
}

/// Tried in this order when nothing is configured. `postgres` exists wherever
/// a distribution installed the server, `nobody` nearly everywhere.
const CANDIDATES: [&str; 3] = ["seedbed", "postgres", "nobody"];

impl Account {
    /// The account for servers of this process: `None` unless we are root
    /// (then the server simply runs as ourselves).
    ///
    /// # Errors
    /// [`Kind::ServerFailed`] when we are root and no unprivileged account exists.
    pub fn choose(requested: Option<&str>) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        Self::choose_from(&passwd, &map, requested).map(Some)
    }

    fn choose_from(passwd: &str, uid_map: &str, requested: Option<&str>) -> Result<Self> {
        let candidates: &[&str] = match &requested {
            Some(name) => std::slice::from_ref(name),
            None => &CANDIDATES,
        };
        let found = candidates.iter().find_map(|name| {
            passwd.lines().find_map(|line| parse(line).filter(|a| a.name == *name))
        });
        match found {
            Some(account) if account.uid == 0 => Err(Failure::new(
                Kind::ServerFailed,
                format!(
                    "os_user = \"{}\" is root, and PostgreSQL refuses to run as root",
                    account.name
                ),
            )
            .hint("os_user = \"nobody\"")),
            Some(account) if !is_mapped(uid_map, account.uid) => Err(Failure::new(
                Kind::ServerFailed,
                format!(
                    "root of a user namespace without the account {}, and PostgreSQL refuses to run as root",
                    account.name
                ),
            )
            .hint("run seedbed as an ordinary user, or map more accounts into the namespace")),
            Some(account) => Ok(account),
            None => Err(Failure::new(
                Kind::ServerFailed,
                match requested {
                    Some(name) => format!("no account named {name} on this system"),
                    None => "running as root, but no unprivileged account exists to run PostgreSQL"
                        .to_owned(),
                },
            )
            .hint("useradd --system --no-create-home seedbed")),
        }
    }
}

/// Gives a file or folder to the account of the server, if that is another.
///
/// # Errors
/// [`Kind::Environment`] naming the path.
pub fn give(path: &Path, account: Option<&Account>) -> Result<()> {
    let Some(account) = account else { return Ok(()) };
    std::os::unix::fs::chown(path, Some(account.uid), Some(account.gid))
        .context(Kind::Environment, || {
            format!("cannot give {} to the account {}", path.display(), account.name)
        })
}

/// Whether a user exists in our user namespace (user_namespaces(7): lines of
/// first inside, first outside, length). Without the file it does.
fn is_mapped(uid_map: &str, uid: u32) -> bool {
    let mut ranges = uid_map.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let first: u32 = fields.next()?.parse().ok()?;
        let length: u32 = fields.nth(1)?.parse().ok()?;
        Some(first..first.saturating_add(length))
    });
    uid_map.trim().is_empty() || ranges.any(|range| range.contains(&uid))
}

/// One line of passwd(5).
fn parse(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account { uid, gid, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n\
                          postgres:x:101:104::/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn the_first_candidate_that_exists_is_taken() {
        assert_eq!(Account::choose_from(DEBIAN, "", None).unwrap().uid, 101);
        assert_eq!(Account::choose_from(DEBIAN, "", Some("nobody")).unwrap().gid, 65534);
    }

    #[test]
    fn root_alone_is_an_error_that_says_what_to_do() {
        let failure = Account::choose_from("root:x:0:0::/root:/bin/sh\n", "", None).unwrap_err();
        assert!(failure.hints()[0].contains("useradd"));
        assert!(Account::choose_from(DEBIAN, "", Some("root")).is_err());
        assert!(
            Account::choose_from(DEBIAN, "", Some("ghost"))
                .unwrap_err()
                .to_string()
                .contains("ghost")
        );
    }

    #[test]
    fn an_account_outside_the_namespace_is_told_before_anything_is_fetched() {
        let alone = "         0       1000          1\n";
        let failure = Account::choose_from(DEBIAN, alone, None).unwrap_err();
        assert!(failure.to_string().contains("user namespace"), "{failure}");
        let whole = "         0          0 4294967295\n";
        assert_eq!(Account::choose_from(DEBIAN, whole, None).unwrap().uid, 101);
    }
}
