//! Zero configuration: looks for a recipe where the usual tools keep theirs.
//!
//! Only what is certain is taken. A tool we know but whose files we cannot
//! replay is answered with the lines to paste, never with a guess. Costs a
//! handful of `stat` calls and at most one listing for each candidate folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use seedbed_api::{Listener, Silent};
use seedbed_recipe::Format;

use super::recipe::{RecipeChoice, RecipeSource};
use super::value::Origin;

/// Folders of migrations, in the order they are looked at.
const FOLDERS: [&str; 3] = ["migrations", "db/migrations", "sql/migrations"];

/// Dumps, in the order they are looked at.
const DUMPS: [&str; 4] = ["structure.sql", "schema.sql", "db/structure.sql", "db/schema.sql"];

/// Most entries of a folder looked at before it counts as holding no migration.
const MAX_ENTRIES: usize = 2_000;

/// A tool whose migrations only the tool itself can run.
struct Tool {
    name: &'static str,
    /// Any of these marks it.
    marks: &'static [&'static str],
    command: &'static str,
    inputs: &'static str,
}

/// Tools without a recipe of their own.
const TOOLS: [Tool; 6] = [
    Tool {
        name: "Alembic",
        marks: &["alembic.ini", "migrations/alembic.ini"],
        command: "alembic upgrade head",
        inputs: r#"["alembic.ini", "**/versions/*.py"]"#,
    },
    Tool {
        name: "Django",
        marks: &["manage.py"],
        command: "python manage.py migrate",
        inputs: r#"["**/migrations/*.py"]"#,
    },
    Tool {
        name: "Prisma",
        marks: &["prisma"],
        command: "npx prisma migrate deploy",
        inputs: r#"["prisma/**"]"#,
    },
    Tool {
        name: "Flyway",
        marks: &["flyway.conf", "flyway.toml"],
        command: "flyway -url=jdbc:postgresql://$PGHOST:$PGPORT/$PGDATABASE -user=$PGUSER -password=$PGPASSWORD migrate",
        inputs: r#"["flyway.*", "sql/**/*.sql"]"#,
    },
    Tool {
        name: "Rails",
        marks: &["db/migrate"],
        command: "RAILS_ENV=test bin/rails db:migrate",
        inputs: r#"["db/migrate/*.rb"]"#,
    },
    Tool {
        name: "Knex",
        marks: &["knexfile.js", "knexfile.ts", "knexfile.cjs", "knexfile.mjs"],
        command: "npx knex migrate:latest",
        inputs: r#"["knexfile.*", "migrations/*"]"#,
    },
];

/// Of several folders, the first that holds a recipe, with that recipe: the
/// command may be called from below the project's folder.
pub(super) fn nearest(
    folders: &[PathBuf],
    listener: &dyn Listener,
) -> Option<(PathBuf, RecipeChoice)> {
    folders.iter().find_map(|folder| {
        let choice = discover(folder, &Silent);
        let says_something = choice.source != RecipeSource::Nothing || tool_of(folder).is_some();
        says_something.then(|| (folder.clone(), discover(folder, listener)))
    })
}

fn tool_of(root: &Path) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.marks.iter().any(|mark| root.join(mark).exists()))
}

/// Looks for a recipe below `root`.
pub(super) fn discover(root: &Path, listener: &dyn Listener) -> RecipeChoice {
    let found = diesel(root).or_else(|| folder(root)).or_else(|| dump(root));
    if let Some((source, reason)) = found {
        return choice(source, Origin::Found, reason);
    }
    let reason = match tool_of(root) {
        Some(tool) => {
            listener.warning(
                format!("this looks like {}, whose migrations only it can run: the database stays empty", tool.name),
                Some(format!(
                    "[recipe]\ncommand = \"{}\"\ninputs = {}",
                    tool.command, tool.inputs
                )),
            );
            format!("{} needs `[recipe] command`", tool.name)
        }
        None => "no migrations and no dump in the usual places".to_owned(),
    };
    choice(RecipeSource::Nothing, Origin::Default, reason)
}

fn choice(source: RecipeSource, origin: Origin, reason: String) -> RecipeChoice {
    RecipeChoice { source, seeds: Vec::new(), origin, reason, parts: BTreeMap::new() }
}

type Found = (RecipeSource, String);

/// `diesel.toml`, which may name another folder (Diesel CLI 2.1 and newer
/// write an absolute path, which holds only on the machine it was written on).
fn diesel(root: &Path) -> Option<Found> {
    let text = fs::read_to_string(root.join("diesel.toml")).ok()?;
    let table: toml::Table = text.parse().ok()?;
    let named = table
        .get("migrations_directory")
        .and_then(|directory| directory.get("dir"))
        .and_then(toml::Value::as_str)
        .map(PathBuf::from);
    let path = [named, Some(PathBuf::from("migrations"))]
        .into_iter()
        .flatten()
        .find(|path| holds_sql(&root.join(path)))?;
    let reason = format!("diesel.toml and {} with .sql files", path.display());
    Some((RecipeSource::Migrations { path, format: Some(Format::Diesel) }, reason))
}

fn folder(root: &Path) -> Option<Found> {
    let path = FOLDERS.into_iter().find(|folder| holds_sql(&root.join(folder)))?;
    let format = mentions_sqlx(root).then_some(Format::Sqlx);
    let reason = match format {
        Some(_) => format!("{path} holds .sql files and Cargo.toml names sqlx"),
        None => format!("{path} holds .sql files"),
    };
    Some((RecipeSource::Migrations { path: path.into(), format }, reason))
}

fn dump(root: &Path) -> Option<Found> {
    let path = DUMPS.into_iter().find(|dump| root.join(dump).is_file())?;
    Some((RecipeSource::Dump { path: path.into() }, format!("{path} is there")))
}

/// Whether a folder holds `*.sql`, or folders with `up.sql` as Diesel's do.
/// Folders of Alembic, Knex or Django have the same names but other contents.
fn holds_sql(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().take(MAX_ENTRIES).any(|entry| {
        let path = entry.path();
        path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
            || path.join("up.sql").is_file()
    })
}

/// Whether the root's `Cargo.toml` depends on sqlx. A look at the lines is
/// enough and works for manifests we could not parse.
fn mentions_sqlx(root: &Path) -> bool {
    let Ok(text) = fs::read_to_string(root.join("Cargo.toml")) else { return false };
    text.lines().map(str::trim_start).any(|line| {
        let name = line.strip_prefix('[').map_or(line, |header| {
            header.rsplit_once("dependencies.").map_or("", |(_, name)| name)
        });
        name.strip_prefix("sqlx").is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '=' | '.' | ']'))
        })
    })
}
