//! The configuration as a whole: real files in a temporary project.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Mutex;

use insta::assert_snapshot;
use proptest::prelude::*;
use seedbed_api::{Event, Failure, Kind, Listener, Silent};
use seedbed_recipe::Format;
use tempfile::TempDir;

use super::*;

/// A project folder with these files, and a `.git` so that the search ends there.
fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Listener for Heard {
    fn on(&self, event: &Event) {
        if let Event::Warning { message, hint } = event {
            let hint = hint.as_deref().unwrap_or("-");
            self.0.lock().unwrap().push(format!("{message}\n  {hint}"));
        }
    }
}

fn load(
    folder: &Path,
    variables: &[(&str, &str)],
    flags: Flags,
) -> (Result<Config, Failure>, String) {
    let heard = Heard::default();
    let environment = |name: &str| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into())
    };
    let inputs = Inputs { directory: folder.to_owned(), environment: &environment, flags };
    let config = Config::load(inputs, &heard);
    let heard = heard.0.into_inner().unwrap().join("\n");
    (config, heard)
}

fn load_text(text: &str) -> (Result<Config, Failure>, String) {
    load(project(&[("seedbed.toml", text)]).path(), &[], Flags::default())
}

/// The failure of a file as a person would read it.
fn complaint(text: &str) -> String {
    let failure = load_text(text).0.unwrap_err();
    assert_eq!(failure.kind(), Kind::Config);
    let mut out = failure.chain();
    for line in failure.details().iter().flat_map(|detail| detail.lines()) {
        out.push_str(&format!("\n  {line}"));
    }
    for hint in failure.hints() {
        out.push_str(&format!("\nhint: {}", hint.replace('\n', " ⏎ ")));
    }
    out
}

fn rows(config: &Config) -> String {
    let lines = config.rows().into_iter().map(|row| {
        let reason = row.reason.map_or(String::new(), |reason| format!(" ({reason})"));
        format!("{} = {} # {}{reason}", row.key, row.value.as_deref().unwrap_or("-"), row.origin)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_said_means_the_defaults() {
    let (config, heard) = load(project(&[]).path(), &[], Flags::default());
    assert_eq!(heard, "");
    assert_snapshot!(rows(&config.unwrap()), @r#"
    server = "auto" # default
    version = - # default
    storage = "auto" # default
    role = - # default
    locale = - # default
    allow_host = [] # default
    tune_existing = false # default
    fetch_with = "auto" # default
    offline = false # default
    os_user = - # default
    idle_timeout = "30m" # default
    workers = - # default
    lane = "auto" # default
    recipe = - # default (no migrations and no dump in the usual places)
    factories.seed = "seedbed" # default
    factories.locale = "en_US" # default
    factories.consent = [] # default
    "#);
}

#[test]
fn later_layers_win_and_every_value_knows_its_origin() {
    let folder = project(&[(
        "seedbed.toml",
        r#"
server = "postgres://me:hunter2@db.test:5433/app?sslmode=require"
version = 16
storage = "disk"
allow_host = ["db.test"]
offline = true
idle_timeout = "90s"

[settings]
work_mem = "64MB"
max_connections = 1_000
jit = false

[recipe]
command = "alembic upgrade head"
inputs = ["alembic/**/*.py"]
seeds = ["db/seeds/*.sql"]

[factories]
seed = "shop"
locale = "de-DE"
consent = ["localhost:5432/shop 7432.16384"]

[env]
JDBC_URL = "jdbc:postgresql://{host}:{port}/{database}"
"#,
    )]);
    let variables =
        [("SEEDBED_STORAGE", "memory"), ("SEEDBED_VERSION", "17"), ("SEEDBED_OS_USER", "")];
    let flags = Flags::default()
        .value("version", Some("18".into()))
        .value("role", Some("app".into()))
        .values("allow_host", vec!["a".into(), "b".into()])
        .switch("offline", false);
    let (config, heard) = load(folder.path(), &variables, flags);
    assert_eq!(heard, "");
    assert_snapshot!(rows(&config.unwrap()), @r#"
    server = "postgres://me:***@db.test:5433/app?sslmode=require" # seedbed.toml:2
    version = "18" # --pg-version
    storage = "memory" # SEEDBED_STORAGE
    role = "app" # --role
    locale = - # default
    allow_host = ["a", "b"] # --allow-host
    tune_existing = false # default
    fetch_with = "auto" # default
    offline = true # seedbed.toml:6
    os_user = - # default
    idle_timeout = "90s" # seedbed.toml:7
    workers = - # default
    lane = "auto" # default
    settings.jit = "off" # seedbed.toml:12
    settings.max_connections = "1000" # seedbed.toml:11
    settings.work_mem = "64MB" # seedbed.toml:10
    recipe.command = ["sh", "-c", "alembic upgrade head"] # seedbed.toml:15
    recipe.inputs = ["alembic/**/*.py"] # seedbed.toml:16
    recipe.seeds = ["db/seeds/*.sql"] # seedbed.toml:17
    factories.seed = "shop" # seedbed.toml:20
    factories.locale = "de_DE" # seedbed.toml:21
    factories.consent = ["localhost:5432/shop 7432.16384"] # seedbed.toml:22
    env.JDBC_URL = "jdbc:postgresql://{host}:{port}/{database}" # seedbed.toml:25
    "#);
}

/// A production database is usually named by `DATABASE_URL`: the environment
/// is asked for our own variables and for nothing else.
#[test]
fn only_our_own_variables_are_ever_read() {
    let folder = project(&[("seedbed.toml", "server = \"auto\"\n")]);
    let asked = RefCell::new(Vec::new());
    let environment = |name: &str| {
        asked.borrow_mut().push(name.to_owned());
        (name == "DATABASE_URL").then(|| "postgres://prod:secret@prod/prod".into())
    };
    let inputs = Inputs {
        directory: folder.path().to_owned(),
        environment: &environment,
        flags: Flags::default(),
    };
    let config = Config::load(inputs, &Silent).unwrap();
    assert_eq!(config.server.value, ServerChoice::Auto);
    assert!(!asked.borrow().is_empty());
    for name in asked.borrow().iter() {
        assert!(name.starts_with("SEEDBED_"), "{name}");
    }
}

#[test]
fn a_locale_nobody_has_is_told_with_the_nearest() {
    assert_snapshot!(complaint("[factories]\nlocale = \"de_AT\"\n"), @r#"
    seedbed.toml:2: `factories.locale` is "de_AT", expected one of en_US, en_GB, es_ES, de_DE, fr_FR, it_IT, pt_BR, nl_NL, pl_PL, ja_JP
    hint: [factories] ⏎ locale = "de_DE"
    "#);
    assert_snapshot!(complaint("[factories]\nseed = \"\"\n"), @r#"
    seedbed.toml:2: `factories.seed` is "", expected a text in quotes
    hint: [factories] ⏎ seed = "shop"
    "#);
}

#[test]
fn unknown_keys_are_warned_about_in_their_order() {
    let (config, heard) = load_text(
        "storrage = \"disk\"\nmigrations = \"m\"\ncolour = 1\n[recipe]\nmigration = \"m\"\n[evn]\nA = \"b\"\n",
    );
    assert!(config.is_ok());
    assert_snapshot!(heard, @r#"
    seedbed.toml:1: unknown key `storrage` is ignored
      did you mean `storage`?
    seedbed.toml:2: unknown key `migrations` is ignored
      did you mean `recipe.migrations`?
    seedbed.toml:3: unknown key `colour` is ignored
      -
    seedbed.toml:5: unknown key `recipe.migration` is ignored
      did you mean `recipe.migrations`?
    seedbed.toml:6: unknown key `evn` is ignored
      did you mean `env`?
    "#);
}

#[test]
fn bad_values_name_place_key_and_remedy() {
    let complaints: Vec<String> = [
        "storage = \"memroy\"",
        "storage = 3",
        "server = \"loca\"",
        "server = \"embedded@9\"",
        "server = \"mysql://me:hunter2@h/d\"",
        "version = 15.4",
        "version = \"12\"",
        "offline = \"true\"",
        "role = \"\"",
        "allow_host = \"db\"",
        "allow_host = [\n\"a\",\n1]",
        "idle_timeout = \"30 minutes\"",
        "settings = 1",
        "[settings]\n\nport = 5432",
        "[settings]\nwork_mem = []",
        "[settings]\n\"work mem\" = 1",
        "[env]\nURL = \"{hots}\"",
        "[env]\nURL = \"{host\"",
        "[env]\nURL = 1",
        "[env]\n\"A B\" = \"x\"",
        "recipe = \"migrations\"",
        "[recipe]\nformat = \"slqx\"\nmigrations = \"m\"",
        "[recipe]\nmigrations = \"m\"\ndump = \"d.sql\"",
        "[recipe]\nformat = \"sqlx\"",
        "[recipe]\ndump = \"d.sql\"\ninputs = [\"x\"]",
        "[recipe]\ncommand = \"make db\"",
        "[recipe]\ncommand = []\ninputs = [\"x\"]",
        "[recipe]\ncommand = \"x\"\ninputs = [\n  \"ok\",\n  \"../up\"]",
        "server = \"embedded@17\"\nversion = 16",
        "server = \"postgres://me:hunter2@h/d",
        "a = 1\na = 2",
    ]
    .into_iter()
    .map(complaint)
    .collect();
    let all = complaints.join("\n\n");
    assert!(!all.contains("hunter2"));
    assert_snapshot!(all, @r#"
    seedbed.toml:1: `storage` is "memroy", expected `auto`, `disk` or `memory`
    hint: storage = "memory"

    seedbed.toml:1: `storage` is 3, expected `auto`, `disk` or `memory`
    hint: storage = "disk"

    seedbed.toml:1: `server` is "loca", expected `auto`, `local`, `embedded`, `embedded@MAJOR` with 13 to 18, or a `postgres://` URL
    hint: server = "local"

    seedbed.toml:1: `server` is "embedded@9", expected `auto`, `local`, `embedded`, `embedded@MAJOR` with 13 to 18, or a `postgres://` URL
    hint: server = "embedded"

    seedbed.toml:1: `server` is "mysql://me:***@h/d", expected `auto`, `local`, `embedded`, `embedded@MAJOR` with 13 to 18, or a `postgres://` URL
    hint: server = "embedded@17"

    seedbed.toml:1: `version` is 15.4, expected a major version from 13 to 18
    hint: version = "15"

    seedbed.toml:1: `version` is "12", expected a major version from 13 to 18
    hint: version = "16"

    seedbed.toml:1: `offline` is "true", expected true or false, without quotes
    hint: offline = true

    seedbed.toml:1: `role` is "", expected a text in quotes
    hint: role = "app"

    seedbed.toml:1: `allow_host` is "db", expected a list of texts
    hint: allow_host = ["db.ci.internal"]

    seedbed.toml:3: `allow_host` is 1, expected a list of texts
    hint: allow_host = ["db.ci.internal"]

    seedbed.toml:1: `idle_timeout` is "30 minutes", expected a number with `s`, `m`, `h` or `d`, at most 365d, or `never`
    hint: idle_timeout = "4h"

    seedbed.toml:1: `settings` is 1, expected a table of PostgreSQL parameters
    hint: [settings] ⏎ max_connections = 200

    seedbed.toml:3: `settings.port` is 5432, expected no value: Seedbed must decide it itself
    hint: [settings] ⏎ max_connections = 200

    seedbed.toml:2: `settings.work_mem` is a list, expected a text, a number, true or false
    hint: [settings] ⏎ max_connections = 200

    seedbed.toml:2: `settings.work mem` is 1, expected a parameter's name: letters, digits, `_` and `.`
    hint: [settings] ⏎ max_connections = 200

    seedbed.toml:2: `env.URL` is "{hots}", expected no placeholders but {url} {host} {port} {user} {password} {database} {socket_dir} {version} {admin_url}
    hint: [env] ⏎ URL = "{host}"

    seedbed.toml:2: `env.URL` is "{host", expected a } after each {; a brace itself is {{
    hint: [env] ⏎ JDBC_URL = "jdbc:postgresql://{host}:{port}/{database}"

    seedbed.toml:2: `env.URL` is 1, expected a text in quotes
    hint: [env] ⏎ JDBC_URL = "jdbc:postgresql://{host}:{port}/{database}"

    seedbed.toml:2: `env.A B` is "x", expected a variable's name: letters, digits and `_`
    hint: [env] ⏎ JDBC_URL = "jdbc:postgresql://{host}:{port}/{database}"

    seedbed.toml:1: `recipe` is a table
    hint: [recipe] ⏎ migrations = "db/migrations"

    seedbed.toml:2: `recipe.format` is "slqx", expected `sql`, `sqlx` or `diesel`
    hint: [recipe] ⏎ format = "sqlx"

    seedbed.toml:3: `dump` beside `migrations` (seedbed.toml:2): a recipe has one source
    hint: remove one of the lines; a `dump` may run the other one itself

    seedbed.toml:2: `format` has no meaning without `migrations`
    hint: [recipe] ⏎ migrations = "db/migrations"

    seedbed.toml:3: `inputs` has no meaning without `command`
    hint: [recipe] ⏎ command = "alembic upgrade head"

    seedbed.toml:2: `command` without `inputs`
      The schema is built again only when one of the inputs changes.
    hint: inputs = ["alembic/**/*.py"]

    seedbed.toml:2: `recipe.command` is a list, expected a text for `sh -c`, or a list of arguments
    hint: [recipe] ⏎ command = "alembic upgrade head"

    seedbed.toml:5: `recipe.inputs` is "../up", expected a glob below the project root (it holds ..)
    hint: [recipe] ⏎ inputs = ["alembic/**/*.py"]

    `server` is embedded@17 (seedbed.toml:1) but `version` is 16 (seedbed.toml:2)
    hint: server = "embedded"

    seedbed.toml:1: not valid TOML: invalid basic string, expected `"`
      1 | server = "postgres://me:***@h/d

    seedbed.toml:2: not valid TOML: duplicate key
      2 | a = 2
        | ^
    "#);
}

proptest! {
    /// Whatever somebody saves, it is read or refused; nothing panics, and the
    /// password in it is never shown.
    #[test]
    fn no_text_breaks_the_reader(
        before in r#"[a-z=\[\]{}".'# \n]{0,30}"#,
        after in r#"[a-z=\[\]{}".'# \n]{0,30}"#,
    ) {
        let text = format!("{before}server = \"postgres://me:S3CRET@host/db\"{after}");
        if let Err(failure) = layers::Layers::defaults().file(&text, &Silent) {
            let shown = format!("{} {:?} {:?}", failure.chain(), failure.details(), failure.hints());
            prop_assert!(!shown.contains("S3CRET"), "{}", shown);
        }
    }
}

#[test]
fn bad_variables_and_flags_name_themselves() {
    let folder = project(&[]);
    let flags = Flags::default().value("idle_timeout", Some("soon".into()));
    let by_flag = load(folder.path(), &[], flags).0.unwrap_err();
    let by_variable =
        load(folder.path(), &[("SEEDBED_STORAGE", "dsik")], Flags::default()).0.unwrap_err();
    assert_snapshot!(format!("{by_flag} {:?}", by_flag.hints()), @r#"--idle-timeout: `idle_timeout` is "soon", expected a number with `s`, `m`, `h` or `d`, at most 365d, or `never` ["--idle-timeout 4h"]"#);
    assert_snapshot!(format!("{by_variable} {:?}", by_variable.hints()), @r#"SEEDBED_STORAGE: `storage` is "dsik", expected `auto`, `disk` or `memory` ["SEEDBED_STORAGE=disk"]"#);
}

fn found(files: &[(&str, &str)]) -> (RecipeSource, String) {
    let (config, heard) = load(project(files).path(), &[], Flags::default());
    (config.unwrap().recipe.source, heard)
}

fn migrations(path: &str, format: Option<Format>) -> RecipeSource {
    RecipeSource::Migrations { path: path.into(), format }
}

#[test]
fn recipes_are_found_where_tools_keep_them() {
    let sqlx = "[dependencies]\nsqlx = \"0.9\"\n";
    let diesel = "[migrations_directory]\ndir = \"db/diesel\"\n";
    for (files, expected) in [
        (&[("migrations/1_a.sql", "")][..], migrations("migrations", None)),
        (&[("migrations/1_a.sql", ""), ("schema.sql", "")], migrations("migrations", None)),
        (&[("db/migrations/1_a.sql", "")], migrations("db/migrations", None)),
        (&[("sql/migrations/1_a.sql", "")], migrations("sql/migrations", None)),
        (&[("migrations/1_a/up.sql", "")], migrations("migrations", None)),
        (
            &[("migrations/1_a.sql", ""), ("Cargo.toml", sqlx)],
            migrations("migrations", Some(Format::Sqlx)),
        ),
        (
            &[("migrations/1_a.sql", ""), ("Cargo.toml", "[dev-dependencies.sqlx]\n")],
            migrations("migrations", Some(Format::Sqlx)),
        ),
        (
            &[("migrations/1_a.sql", ""), ("Cargo.toml", "sqlx-like = \"1\"\n# sqlx = no\n")],
            migrations("migrations", None),
        ),
        (
            &[("diesel.toml", diesel), ("db/diesel/1_a/up.sql", "")],
            migrations("db/diesel", Some(Format::Diesel)),
        ),
        (
            &[
                ("diesel.toml", "[migrations_directory]\ndir = \"/elsewhere\"\n"),
                ("migrations/1_a/up.sql", ""),
            ],
            migrations("migrations", Some(Format::Diesel)),
        ),
        (&[("db/structure.sql", "")], RecipeSource::Dump { path: "db/structure.sql".into() }),
        (
            &[("schema.sql", ""), ("db/migrate/1_a.rb", "")],
            RecipeSource::Dump { path: "schema.sql".into() },
        ),
        (&[("migrations/a.js", "")], RecipeSource::Nothing),
        // An empty table is the way to ask for an empty database.
        (&[("migrations/1_a.sql", ""), ("seedbed.toml", "[recipe]\n")], RecipeSource::Nothing),
    ] {
        let (source, heard) = found(files);
        assert_eq!(source, expected, "{files:?}");
        assert_eq!(heard, "", "{files:?}");
    }
}

#[test]
fn a_recipe_is_found_from_below_the_projects_folder() {
    let tree = project(&[("migrations/1.sql", ""), ("src/deep/mod.rs", "")]);
    let root = fs::canonicalize(tree.path()).unwrap();
    let (config, _) = load(&tree.path().join("src/deep"), &[], Flags::default());
    assert_eq!(config.unwrap().root, root);
    // Without a repository around it, a parent is nobody's project.
    fs::remove_dir(root.join(".git")).unwrap();
    let (config, _) = load(&tree.path().join("src/deep"), &[], Flags::default());
    let config = config.unwrap();
    assert_eq!(config.root, root.join("src/deep"));
    assert_eq!(config.recipe.source, RecipeSource::Nothing);
}

#[test]
fn tools_we_cannot_replay_get_lines_to_paste() {
    for (file, name) in [
        ("alembic.ini", "Alembic"),
        ("manage.py", "Django"),
        ("prisma/schema.prisma", "Prisma"),
        ("flyway.conf", "Flyway"),
        ("db/migrate/1_a.rb", "Rails"),
        ("knexfile.ts", "Knex"),
    ] {
        let (source, heard) = found(&[(file, "")]);
        assert_eq!(source, RecipeSource::Nothing);
        assert!(heard.contains(name), "{file}: {heard}");
        let paste = heard.split_once("\n  ").unwrap().1;
        let (config, again) = load_text(paste);
        assert!(matches!(config.unwrap().recipe.source, RecipeSource::Command { .. }), "{paste}");
        assert_eq!(again, "");
    }
}

fn names(folder: &Path, source: &RecipeSource) -> Result<Vec<String>, String> {
    let files = read_recipe(folder, source).map_err(|failure| failure.chain())?;
    Ok(files.into_iter().map(|file| file.path).collect())
}

#[test]
fn files_are_read_in_order_of_their_paths() {
    let folder = project(&[
        ("m/2_b.sql", "two"),
        ("m/10_c/up.sql", "ten"),
        ("m/1_a.sql", "one"),
        ("other.sql", ""),
    ]);
    let read = read_recipe(folder.path(), &migrations("m", None)).unwrap();
    let read: Vec<_> = read.iter().map(|file| (file.path.as_str(), &file.bytes[..])).collect();
    let expected: [(&str, &[u8]); 3] =
        [("m/10_c/up.sql", b"ten"), ("m/1_a.sql", b"one"), ("m/2_b.sql", b"two")];
    assert_eq!(read, expected);
}

#[test]
fn globs_match_once_and_stay_within_folders() {
    let folder = project(&[
        ("a/x.py", ""),
        ("a/b/y.py", ""),
        ("a/b/z.txt", ""),
        ("node_modules/n.py", ""),
        (".venv/lib/v.py", ""),
    ]);
    for (inputs, expected) in [
        (&["a/*.py"][..], &["a/x.py"][..]),
        (&["**/*.py", "a/*"], &["a/b/y.py", "a/x.py"]),
        (&["./a/{b,c}/[yz].*"], &["a/b/y.py", "a/b/z.txt"]),
        (&["node_modules/n.py"], &["node_modules/n.py"]),
    ] {
        let inputs = inputs.iter().map(|glob| (*glob).to_owned()).collect();
        let source = RecipeSource::Command { argv: vec!["true".into()], inputs };
        assert_eq!(names(folder.path(), &source).unwrap(), expected);
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = project(&[("file", ""), ("empty/.keep", "")]);
    fs::remove_file(folder.path().join("empty/.keep")).unwrap();
    fs::create_dir(folder.path().join("dump.sql")).unwrap();
    let glob = RecipeSource::Command { argv: vec!["true".into()], inputs: vec!["no/*.py".into()] };
    let complaints: Vec<String> = [
        migrations("missing", None),
        migrations("file", None),
        migrations("empty", None),
        RecipeSource::Dump { path: "missing.sql".into() },
        RecipeSource::Dump { path: "dump.sql".into() },
        glob,
    ]
    .iter()
    .map(|source| names(folder.path(), source).unwrap_err())
    .collect();
    assert_snapshot!(complaints.join("\n"), @r#"
    the migrations folder missing does not exist
    the migrations folder file is not a folder
    the migrations folder empty is empty
    the dump missing.sql does not exist
    dump.sql is not a file
    `recipe.inputs`: "no/*.py" matches no file
    "#);
}

#[test]
fn a_file_beyond_the_limit_is_not_read() {
    let folder = project(&[]);
    let huge = fs::File::create(folder.path().join("dump.sql")).unwrap();
    huge.set_len(MAX_FILE_BYTES + 1).unwrap();
    let failure =
        names(folder.path(), &RecipeSource::Dump { path: "dump.sql".into() }).unwrap_err();
    assert_eq!(failure, "dump.sql is larger than 256 MiB");
}

#[test]
fn links_are_followed_only_within_the_project() {
    let outside = project(&[("o.sql", "")]);
    let folder = project(&[("shared/s.sql", ""), ("m/1.sql", "")]);
    let at = |path: &str| folder.path().join(path);
    symlink(at("shared"), at("m/inner")).unwrap();
    symlink(outside.path(), at("m/outer")).unwrap();
    assert_eq!(names(folder.path(), &migrations("m", None)).unwrap(), ["m/1.sql", "m/inner/s.sql"]);

    symlink(outside.path().join("o.sql"), at("m/2.sql")).unwrap();
    let failure = names(folder.path(), &migrations("m", None)).unwrap_err();
    assert!(failure.starts_with("m/2.sql leads out of the project, to "), "{failure}");

    // A folder the configuration names itself may lie anywhere.
    let relative = format!("../{}", outside.path().file_name().unwrap().to_string_lossy());
    fs::remove_dir(outside.path().join(".git")).unwrap();
    assert_eq!(
        names(folder.path(), &migrations(&relative, None)).unwrap(),
        [format!("{relative}/o.sql")]
    );

    // A loop ends with an error, not with the memory.
    symlink(at("m"), at("shared/loop")).unwrap();
    fs::remove_file(at("m/2.sql")).unwrap();
    assert!(names(folder.path(), &migrations("m", None)).is_err());
}
