//! Whether a server the user gave may be used. A test tool that is pointed at
//! production must refuse before its first statement; so a server is used
//! only if it is near (loopback, socket, a container's one-word name) and
//! nothing about it looks like production, or if the user named its host.

use std::net::IpAddr;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Host, Session, Target, quote_ident};

/// Oldest and newest major version that is supported.
const VERSIONS: std::ops::RangeInclusive<u16> = 13..=18;
/// Test databases are rarely larger.
const LARGE_BYTES: u64 = 1 << 30;
/// Words that mean production, between separators of a name.
const PRODUCTION_WORDS: &[&str] = &["live", "prd", "production", "prod"];
/// Words that grow together with `live`.
const BESIDE: &[&str] =
    &["app", "copy", "data", "database", "db", "eu", "main", "master", "server", "site", "us"];

/// What a server says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Major version.
    pub major: u16,
    /// Whether the connecting role is superuser.
    pub superuser: bool,
    /// Whether it may create databases.
    pub may_create_databases: bool,
    /// The largest database that is not ours and its size in bytes, among
    /// those whose size the role may ask for.
    pub largest: Option<(String, u64)>,
}

impl Facts {
    /// Asks the server; changes nothing.
    ///
    /// # Errors
    /// `Database` if it does not answer.
    pub async fn of(session: &Session) -> Result<Self> {
        let rights = session
            .value("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
            .await?;
        // Foreign comments are not needed: what has our names is not counted.
        let largest = session
            .rows(
                "SELECT datname, pg_database_size(oid) FROM pg_database \
                 WHERE datname NOT LIKE 'seedbed\\_t%' AND datconnlimit <> -2 \
                   AND has_database_privilege(oid, 'CONNECT') \
                 ORDER BY 2 DESC LIMIT 1",
            )
            .await?;
        let largest = largest.into_iter().next().and_then(|row| {
            let [name, size] = row.try_into().ok()?;
            Some((name?, size?.parse().ok()?))
        });
        Ok(Self {
            major: session.server_version().0,
            superuser: session.is_superuser(),
            may_create_databases: rights.as_deref() == Some("t"),
            largest,
        })
    }
}

/// Decides by the name alone, before anybody connects and a password goes out.
/// `allow_hosts` are hosts the user vouched for, as in the URL.
///
/// # Errors
/// `Refused` with the option to paste.
pub fn judge_name(target: &Target, allow_hosts: &[String]) -> Result<()> {
    refuse_if(target, allow_hosts, suspicion_of_name)
}

/// Decides by the host alone, as [`judge_name`] does; what the name of the
/// database says is for the caller to judge.
///
/// # Errors
/// `Refused` with the option to paste.
pub fn judge_host(target: &Target, allow_hosts: &[String]) -> Result<()> {
    refuse_if(target, allow_hosts, suspicion_of_host)
}

fn refuse_if(
    target: &Target,
    allow_hosts: &[String],
    suspicion: impl Fn(&Target, &str) -> Option<String>,
) -> Result<()> {
    let host = match &target.host {
        Host::Socket(folder) => folder.to_string_lossy().into_owned(),
        Host::Tcp(name) => name.clone(),
    };
    if !allow_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host))
        && let Some(why) = suspicion(target, &host)
    {
        return Err(Failure::new(
            Kind::Refused,
            format!("{} is not used: {why}", target.redacted()),
        )
        .hint(format!("--allow-host {host}")));
    }
    Ok(())
}

/// Decides by name and facts.
///
/// # Errors
/// `Refused` with the option to paste if the server may be production;
/// `Config` if the version is not supported or the role may not create
/// databases.
pub fn judge(target: &Target, facts: &Facts, allow_hosts: &[String]) -> Result<()> {
    judge_name(target, allow_hosts)?;
    refuse_if(target, allow_hosts, |_, _| suspicion_of_size(facts))?;
    if !VERSIONS.contains(&facts.major) {
        return Err(Failure::new(
            Kind::Config,
            format!(
                "{} is PostgreSQL {}; supported are {} to {}",
                target.redacted(),
                facts.major,
                VERSIONS.start(),
                VERSIONS.end()
            ),
        )
        .hint("--server auto"));
    }
    if !facts.may_create_databases {
        let role = quote_ident(&target.user);
        return Err(Failure::new(
            Kind::Config,
            format!("the role {role} may not create databases on {}", target.redacted()),
        )
        .hint(format!("ALTER ROLE {role} CREATEDB;")));
    }
    Ok(())
}

fn suspicion_of_name(target: &Target, host: &str) -> Option<String> {
    suspicion_of_host(target, host).or_else(|| suspicion_of_words("database", &target.database))
}

fn suspicion_of_host(target: &Target, host: &str) -> Option<String> {
    if let Host::Tcp(name) = &target.host
        && !is_near(name)
    {
        return Some(format!("`{name}` is another machine, and nobody said it is for tests"));
    }
    suspicion_of_words("host", host)
}

fn suspicion_of_words(what: &str, name: &str) -> Option<String> {
    let word = production_word(name)?;
    Some(format!("the {what} `{name}` has the word `{word}` in its name"))
}

fn suspicion_of_size(facts: &Facts) -> Option<String> {
    match &facts.largest {
        Some((name, bytes)) if *bytes > LARGE_BYTES => {
            let megabytes = bytes >> 20;
            Some(format!("its database `{name}` holds {megabytes} MB, much for tests"))
        }
        _ => None,
    }
}

/// Whether it is an address as one number, which resolvers take: `2130706433`,
/// `0x7f000001`.
fn is_number(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    match host.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|letter| letter.is_ascii_hexdigit()),
        None => host.bytes().all(|letter| letter.is_ascii_digit()),
    }
}

/// Loopback, or a name without a dot as containers of one network have.
fn is_near(host: &str) -> bool {
    let bare = host.split_once('%').map_or(host, |(address, _zone)| address);
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => !is_number(host) && !host.contains(['.', ':']),
    }
}

/// A word of the name that means production, if there is one.
#[must_use]
pub fn production_word(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphabetic());
    words.find_map(|word| PRODUCTION_WORDS.iter().find(|known| says(word, known)).copied())
}

/// Whether a word is one of those, or has it grown together with another one:
/// `proddb`, `prodcopy`, `shopprod`; not `product`, `olive`, `delivery`.
fn says(word: &str, known: &str) -> bool {
    let beside = |rest: &str| match known {
        // English goes on with `product`, `produce`, `prodigy`.
        "prod" | "prd" => !rest.starts_with(['u', 'i']),
        "production" => true,
        _ => BESIDE.contains(&rest),
    };
    let before = |rest: &str| known != "live" && rest != "re" || BESIDE.contains(&rest);
    word == known
        || word.strip_prefix(known).is_some_and(beside)
        || word.strip_suffix(known).is_some_and(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts { major: 15, superuser: false, may_create_databases: true, largest: None }
    }

    #[test]
    fn near_servers_pass_and_far_ones_need_consent() {
        for (url, passes) in [
            ("postgres://u@localhost/app_test", true),
            ("postgres://u@127.0.0.1/app", true),
            ("postgres://u@127.9.9.9/app", true),
            ("postgres://u@[::1]/app", true),
            ("postgres://u@[::ffff:127.0.0.1]/app", true),
            ("postgres://u@db/app", true),
            ("postgres:///app?host=/run/postgresql&user=u", true),
            ("postgres://u@localhost/product_catalog", true),
            ("postgres://u@localhost/olive", true),
            ("postgres://u@db.example.com/app", false),
            ("postgres://u@10.0.0.5/app", false),
            ("postgres://u@[2001:db8::1]/app", false),
            ("postgres://u@localhost/app_production", false),
            ("postgres://u@localhost/Prod", false),
            ("postgres://u@prod-db/app", false),
            ("postgres://u@db-live/app", false),
            ("postgres://u@localhost/app-prod2", false),
            ("postgres://u@2130706433/app", false),
            ("postgres://u@0x7f000001/app", false),
            ("postgres://u@017700000001/app", false),
            ("postgres://u@8a3f0c/app", true),
            ("postgres://u@localhost/proddb_test", false),
            ("postgres://u@localhost/test_prodcopy", false),
            ("postgres://u@localhost/shopprod", false),
            ("postgres://u@localhost/livedb", false),
            ("postgres://u@localhost/prod_productions", false),
            ("postgres://u@localhost/delivery_products", true),
            ("postgres://u@localhost/reproduction", true),
            ("postgres://u@localhost/producers", true),
        ] {
            let target = Target::parse(url).unwrap();
            let verdict = judge(&target, &facts(), &[]);
            assert_eq!(verdict.is_ok(), passes, "{url}: {verdict:?}");
            if let Err(failure) = verdict {
                assert_eq!(failure.kind(), Kind::Refused);
                let host = failure.hints()[0].strip_prefix("--allow-host ").unwrap().to_owned();
                assert!(judge(&target, &facts(), &[host]).is_ok(), "{url}");
            }
        }
    }

    #[test]
    fn a_large_database_is_suspicious() {
        let target = Target::parse("postgres://u@localhost/app").unwrap();
        let large = Facts { largest: Some(("shop".into(), 3 << 30)), ..facts() };
        let failure = judge(&target, &large, &[]).unwrap_err();
        assert!(failure.to_string().contains("`shop` holds 3072 MB"), "{failure}");
        assert!(judge(&target, &large, &["LOCALHOST".into()]).is_ok());
    }

    #[test]
    fn version_and_rights_are_checked_up_front() {
        let target = Target::parse("postgres://u@localhost/app").unwrap();
        for major in [12, 19] {
            let failure = judge(&target, &Facts { major, ..facts() }, &[]).unwrap_err();
            assert!(failure.to_string().contains("supported are 13 to 18"), "{failure}");
        }
        let poor = Facts { may_create_databases: false, ..facts() };
        let failure = judge(&target, &poor, &[]).unwrap_err();
        assert_eq!(failure.hints(), ["ALTER ROLE \"u\" CREATEDB;"]);
    }
}
