//! A baked template, an untouched clone of it, and a leased clone to play with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use seedbed_api::{Result, Silent};
use seedbed_db::{Session, Target};
use seedbed_isolation::journal::{Baked, Journal, Mark, Marked, Rewindable, Rewound, bake};
use seedbed_testkit::Server;

use crate::ground::unique;

/// A server that allows prepared transactions, with a plain role.
pub(crate) static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let server = Server::start_with(
        "-c max_connections=80 -c shared_buffers=32MB -c max_wal_size=512MB \
         -c max_prepared_transactions=10",
    );
    let _ = server.psql("postgres", "CREATE ROLE app LOGIN; CREATE ROLE other");
    server
});

/// Everything that can be seen of a database.
pub(crate) type Contents = BTreeMap<&'static str, Vec<String>>;

/// Rows of every table and states of every sequence.
pub(crate) const ROWS: &str = r"
SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'; SET extra_float_digits = 1; SET search_path = '';
SELECT format('COPY (SELECT %L, t.* FROM ONLY %s t) TO STDOUT', c.oid::regclass::text, c.oid::regclass)
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND relpersistence <> 't'
  AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'seedbed_journal')
\gexec
SELECT format('COPY (SELECT %L, last_value, is_called FROM %s) TO STDOUT', c.oid::regclass::text, c.oid::regclass)
FROM pg_class c WHERE relkind = 'S' AND relpersistence <> 't'
\gexec
SELECT format('COPY (SELECT %L, t.* FROM %s t) TO STDOUT', c.oid::regclass::text, c.oid::regclass)
FROM pg_class c WHERE relkind = 'm' AND relispopulated
\gexec
COPY (SELECT 'large object', loid, pageno, data FROM pg_largeobject) TO STDOUT;
";

/// Catalogs by what they say, without what VACUUM, TRUNCATE and CLUSTER write.
const CATALOG: &str = r#"
SET search_path = '';
SELECT format('SELECT %L, md5(coalesce(string_agg(t::text, '','' ORDER BY t::text), '''')) FROM (
    SELECT to_jsonb(c) - ''{relfilenode,relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,relhastriggers,relhasindex,relhassubclass,indisclustered,indcheckxmin}''::text[] AS t
    FROM %s c WHERE to_jsonb(c) ->> %L IS NULL OR (to_jsonb(c) ->> %L)::oid NOT IN (SELECT oid FROM pg_class WHERE relpersistence = ''t'')) s',
  name, name, owner, owner)
FROM (VALUES ('pg_class', 'oid'), ('pg_attribute', 'attrelid'), ('pg_constraint', 'conrelid'),
  ('pg_index', 'indrelid'), ('pg_trigger', 'tgrelid'), ('pg_attrdef', 'adrelid'),
  ('pg_proc', 'none'), ('pg_enum', 'none'), ('pg_rewrite', 'ev_class'),
  ('pg_policy', 'polrelid'), ('pg_statistic_ext', 'stxrelid'), ('pg_sequence', 'seqrelid'),
  ('pg_description', 'objoid'), ('pg_default_acl', 'none'), ('pg_extension', 'none'),
  ('pg_inherits', 'inhrelid'), ('pg_event_trigger', 'none')) AS v (name, owner)
\gexec
"#;

pub(crate) fn target(role: &str, database: &str) -> Target {
    Target::parse(&SERVER.socket_url(role, database)).unwrap()
}

pub(crate) async fn connect(role: &str, database: &str) -> Session {
    Session::connect(&target(role, database), "a test", Duration::from_secs(10)).await.unwrap()
}

/// Rows and catalog, as an independent program sees them.
pub(crate) fn contents(database: &str) -> Contents {
    contents_of(&SERVER, database)
}

/// The same on any server.
pub(crate) fn contents_of(server: &Server, database: &str) -> Contents {
    let said = server.psql(database, &format!("{ROWS}\n\\echo catalog:\n{CATALOG}"));
    let (rows, catalog) = said.split_once("catalog:").unwrap();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    Contents::from([("rows", sorted(rows)), ("catalog", sorted(catalog))])
}

/// What differs, short enough for a message.
pub(crate) fn differences(actual: &Contents, expected: &Contents) -> Option<String> {
    let mut told = String::new();
    for (kind, expected) in expected {
        let actual = &actual[kind];
        let only = |these: &[String], those: &[String]| -> Vec<String> {
            let mut rest = those.to_vec();
            these
                .iter()
                .filter(|line| match rest.iter().position(|other| other == *line) {
                    Some(at) => {
                        rest.swap_remove(at);
                        false
                    }
                    None => true,
                })
                .map(|line| line.chars().take(200).collect())
                .collect()
        };
        let (more, less) = (only(actual, expected), only(expected, actual));
        if !more.is_empty() || !less.is_empty() {
            let _ = write!(told, "{kind}: too much {more:?}, missing {less:?}; ");
        }
    }
    (!told.is_empty()).then_some(told)
}

/// A schema of a test: template, untouched clone, leased clone.
pub(crate) struct Lab {
    pub(crate) template: String,
    pub(crate) database: String,
    pub(crate) baked: Baked,
    /// What the untouched clone holds.
    pub(crate) untouched: Contents,
}

impl Lab {
    /// Builds and bakes the schema and clones it.
    pub(crate) async fn new(setup: &str) -> Self {
        let template = unique("journal_t");
        let _ = SERVER.psql("postgres", &format!("CREATE DATABASE {template} TEMPLATE template0"));
        let _ = SERVER.psql(&template, setup);
        let session = connect("postgres", &template).await;
        let baked = bake(&session, &Silent).await.unwrap();
        session.close().await;
        let database = unique("journal_l");
        let mut lab = Self { template, database, baked, untouched: Contents::new() };
        lab.clone_as(&lab.database);
        // Nobody touches the template either; asked after the cloning, which
        // waits for sessions on its source to end.
        lab.untouched = contents(&lab.template);
        lab
    }

    /// Another clone.
    pub(crate) fn clone_as(&self, name: &str) {
        // A session that just closed may still be there for the server.
        let template = &self.template;
        let _ = SERVER.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"));
    }

    pub(crate) async fn open(&self) -> Journal {
        open("postgres", &self.database).await
    }

    pub(crate) async fn session(&self) -> Session {
        connect("postgres", &self.database).await
    }

    pub(crate) fn contents(&self) -> Contents {
        contents(&self.database)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for name in [&self.database, &self.template] {
            let prepared = SERVER.psql(
                "postgres",
                &format!("SELECT gid FROM pg_prepared_xacts WHERE database = '{name}'"),
            );
            for gid in prepared.lines() {
                let _ = SERVER.psql(name, &format!("ROLLBACK PREPARED '{gid}'"));
            }
            let _ =
                SERVER.psql("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

pub(crate) async fn open(role: &str, database: &str) -> Journal {
    match Journal::open(&target(role, database)).await.unwrap() {
        Rewindable::Yes(journal) => *journal,
        Rewindable::No(why) => panic!("not rewindable: {why}"),
    }
}

pub(crate) async fn mark(journal: &mut Journal) -> Mark {
    match journal.mark().await.unwrap() {
        Marked::Set(mark) => mark,
        Marked::Busy(who) => panic!("busy: {who:?}"),
    }
}

/// Rewinds and insists that it worked.
pub(crate) async fn rewind(journal: &mut Journal, mark: &Mark) -> Rewound {
    let rewound = journal.rewind(mark).await.unwrap();
    assert!(matches!(rewound, Rewound::Done { .. }), "{rewound:?}");
    rewound
}

/// Runs one line of a program: SQL; `COPY … FROM stdin <<` with data after it;
/// `! SQL` for what must fail.
pub(crate) async fn step(session: &Session, line: &str) -> Result<()> {
    if let Some(line) = line.strip_prefix("! ") {
        assert!(session.batch(line).await.is_err(), "`{line}` should fail");
        return Ok(());
    }
    match line.split_once(" <<\n") {
        Some((statement, data)) => session.copy_in(statement, data.as_bytes()).await.map(drop),
        None => session.batch(line).await,
    }
}
