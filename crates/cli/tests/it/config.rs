//! `config show`: origins, warnings, errors.

use crate::session::{Session, render, snapshot};

#[test]
fn without_a_file_the_defaults_are_shown() {
    snapshot!(Session::new().run(&["config", "show"]), @r#"
    exit: 0
    --- stdout
    # [PROJECT] has no seedbed.toml
    server = "auto"             # default
    version is not set          # default
    storage = "auto"            # default
    role is not set             # default
    locale is not set           # default
    allow_host = []             # default
    tune_existing = false       # default
    fetch_with = "auto"         # default
    offline = false             # default
    os_user is not set          # default
    idle_timeout = "30m"        # default
    workers is not set          # default
    lane = "auto"               # default
    recipe is not set           # default: no migrations and no dump in the usual places
    factories.seed = "seedbed"  # default
    factories.locale = "en_US"  # default
    factories.consent = []      # default
    --- stderr
    "#);
}

#[test]
fn every_value_tells_its_origin_and_no_password_is_shown() {
    let session = Session::with_config(
        "server = \"postgres://me:hunter2@localhost/test\"\nversion = 16\n\n[env]\nDB = \"{database}\"\n",
    );
    session.write("db/migrations/1_init.sql", "SELECT 1;");
    let output = session
        .command(&["config", "show"])
        .env("SEEDBED_STORAGE", "disk")
        .env("DATABASE_URL", "postgres://prod:secret@prod.example/prod")
        .output()
        .unwrap();
    let shown = render(&output, &session.project());
    assert!(!shown.contains("hunter2") && !shown.contains("prod"), "{shown}");
    snapshot!(shown, @r#"
    exit: 0
    --- stdout
    # [PROJECT]/seedbed.toml
    server = "postgres://me:***@localhost/test"  # seedbed.toml:1
    version = "16"                               # seedbed.toml:2
    storage = "disk"                             # SEEDBED_STORAGE
    role is not set                              # default
    locale is not set                            # default
    allow_host = []                              # default
    tune_existing = false                        # default
    fetch_with = "auto"                          # default
    offline = false                              # default
    os_user is not set                           # default
    idle_timeout = "30m"                         # default
    workers is not set                           # default
    lane = "auto"                                # default
    recipe.migrations = "db/migrations"          # found: db/migrations holds .sql files
    factories.seed = "seedbed"                   # default
    factories.locale = "en_US"                   # default
    factories.consent = []                       # default
    env.DB = "{database}"                        # seedbed.toml:5
    --- stderr
    "#);
}

#[test]
fn data_is_json_when_asked() {
    let session = Session::with_config("offline = true\nallow_host = [\"a \\\"b\"]\n");
    let output = session.command(&["config", "show", "--json"]).output().unwrap();
    let data: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let values = data["values"].as_array().unwrap();
    let offline = values.iter().find(|value| value["key"] == "offline").unwrap();
    assert_eq!(offline["value"], true);
    let hosts = values.iter().find(|value| value["key"] == "allow_host").unwrap();
    assert_eq!(hosts["value"][0], "a \"b");
    assert_eq!(offline["origin"], "seedbed.toml:1");
    assert_eq!(output.stderr, b"");
}

#[test]
fn another_folder_is_another_project() {
    let session = Session::new();
    session.write("other/seedbed.toml", "role = \"app\"\n");
    let shown = session.run(&["-C", "other", "config", "show"]);
    assert!(shown.contains("# [PROJECT]/other/seedbed.toml"), "{shown}");
    snapshot!(session.run(&["-C", "missing", "config", "show"]), @r"
    exit: 120
    --- stdout
    --- stderr
    error: cannot use missing as the project folder: No such file or directory (os error 2)
    ");
}

#[test]
fn unknown_keys_warn_and_suggest() {
    let session = Session::with_config("sever = \"local\"\n[recipe]\nmigration = \"m\"\n");
    let output = session.command(&["config", "show"]).output().unwrap();
    assert!(output.status.success());
    snapshot!(String::from_utf8(output.stderr).unwrap(), @r"
    warning: seedbed.toml:1: unknown key `sever` is ignored
    hint: did you mean `server`?
    warning: seedbed.toml:3: unknown key `recipe.migration` is ignored
    hint: did you mean `recipe.migrations`?
    ");
}

#[test]
fn bad_values_name_the_line_and_a_correction() {
    let session = Session::with_config("# ours\n\nstorage = \"memroy\"\n");
    snapshot!(session.run(&["config", "show"]), @r#"
    exit: 120
    --- stdout
    --- stderr
    error: seedbed.toml:3: `storage` is "memroy", expected `auto`, `disk` or `memory`
    hint: storage = "memory"
    "#);
    snapshot!(session.run(&["config", "show", "--json"]), @r#"
    exit: 120
    --- stdout
    --- stderr
    {"event":"failed","kind":"config","message":"seedbed.toml:3: `storage` is \"memroy\", expected `auto`, `disk` or `memory`","detail":null,"hints":["storage = \"memory\""],"exit_code":120}
    "#);
    let output =
        session.command(&["config", "show"]).env("SEEDBED_VERSION", "9.6").output().unwrap();
    snapshot!(render(&output, &session.project()), @r#"
    exit: 120
    --- stdout
    --- stderr
    error: SEEDBED_VERSION: `version` is "9.6", expected a major version from 13 to 18
    hint: SEEDBED_VERSION=16
    "#);
}

#[test]
fn a_syntax_error_is_shown_with_its_line() {
    let session = Session::with_config("server = \"auto\"\nversion = = 16\n");
    snapshot!(session.run(&["config", "show"]), @r"
    exit: 120
    --- stdout
    --- stderr
    error: seedbed.toml:2: not valid TOML: extra `=`, expected nothing
      2 | version = = 16
        |           ^
    ");
}

#[test]
fn a_tool_without_a_recipe_gets_lines_to_paste() {
    let session = Session::new();
    session.write("alembic.ini", "");
    let output = session.command(&["config", "show"]).output().unwrap();
    snapshot!(String::from_utf8(output.stderr).unwrap(), @r#"
    warning: this looks like Alembic, whose migrations only it can run: the database stays empty
    hint:
      [recipe]
      command = "alembic upgrade head"
      inputs = ["alembic.ini", "**/versions/*.py"]
    "#);
}
