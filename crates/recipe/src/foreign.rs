//! Files of migrators whose conventions are not followed here. They are
//! recognised and refused with the command that runs them: several keep the
//! way down in the same file, and running it as plain SQL would undo the way up.

use seedbed_api::{Failure, Kind, Result};

use crate::SourceFile;
use crate::folder::Folder;

/// Bytes at the start of a file that are searched for a marker's comment.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// A migrator known by a comment in its files.
struct Migrator {
    name: &'static str,
    /// Start of the comment after `--` and blanks, in lower case.
    marker: &'static str,
    /// Whether the comment is exactly the marker; where it is an English phrase.
    whole: bool,
    command: &'static str,
}

/// Sources: the migrators' own manuals on their file format.
const MIGRATORS: &[Migrator] = &[
    Migrator { name: "dbmate", marker: "migrate:up", whole: false, command: "dbmate up" },
    Migrator { name: "dbmate", marker: "migrate:down", whole: false, command: "dbmate up" },
    Migrator { name: "goose", marker: "+goose", whole: false, command: "goose up" },
    Migrator { name: "sql-migrate", marker: "+migrate", whole: false, command: "sql-migrate up" },
    Migrator {
        name: "Liquibase",
        marker: "liquibase formatted sql",
        whole: false,
        command: "liquibase update",
    },
    Migrator {
        name: "node-pg-migrate",
        marker: "down migration",
        whole: true,
        command: "npx node-pg-migrate up",
    },
    Migrator {
        name: "tern",
        marker: "-- create above / drop below --",
        whole: false,
        command: "tern migrate",
    },
    Migrator { name: "rambler", marker: "rambler up", whole: true, command: "rambler apply --all" },
    Migrator { name: "MyBatis Migrations", marker: "//@undo", whole: false, command: "migrate up" },
];

/// Folders of migrators that write no SQL files, by a file they all have.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("migration.sql", "Prisma", "npx prisma migrate deploy"),
    (".py", "Alembic or Django", "alembic upgrade head"),
    (".rb", "Rails", "bin/rails db:migrate"),
    (".exs", "Ecto", "mix ecto.migrate"),
    (".php", "Laravel or Doctrine", "php artisan migrate --force"),
    (".ts", "a TypeScript migrator", "npm run migrate"),
    (".js", "a JavaScript migrator", "npm run migrate"),
    (".mjs", "a JavaScript migrator", "npm run migrate"),
    (".cs", "Entity Framework", "dotnet ef database update"),
    (".go", "a Go migrator", "go run ./cmd/migrate up"),
    (".xml", "Liquibase", "liquibase update"),
];

/// The lines of `seedbed.toml` that run a command instead.
fn recipe_line(command: &str, root: &str) -> String {
    let below = if root == "." { "**".to_owned() } else { format!("{root}/**") };
    format!("[recipe]\ncommand = \"{command}\"\ninputs = [\"{below}\"]")
}

/// The migrator a line comment belongs to. `comment` begins with `--`.
fn migrator(comment: &str) -> Option<&'static Migrator> {
    let text = comment.strip_prefix("--")?.trim();
    MIGRATORS.iter().find(|migrator| {
        let Some(head) = text.get(..migrator.marker.len()) else { return false };
        head.eq_ignore_ascii_case(migrator.marker)
            && (!migrator.whole || text.len() == migrator.marker.len())
    })
}

fn refusal(path: &str, line: usize, migrator: &Migrator) -> Failure {
    let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
    Failure::new(
        Kind::Recipe,
        format!(
            "{path}:{line} is written for {}, which may keep the way down in it",
            migrator.name
        ),
    )
    .hint(recipe_line(migrator.command, folder))
}

/// Refuses a file whose leading comments name another migrator. Cheap: looks
/// no further than the first line that is neither blank nor a comment.
///
/// # Errors
/// `Kind::Recipe` with the command to use instead.
pub(crate) fn refuse_head(file: &SourceFile) -> Result<()> {
    let head = &file.bytes[..file.bytes.len().min(HEAD_BYTES_MAX)];
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    for (index, line) in head.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if !line.starts_with(b"--") {
            break;
        }
        if let Some(found) = std::str::from_utf8(line).ok().and_then(migrator) {
            return Err(refusal(&file.path, index + 1, found));
        }
    }
    Ok(())
}

/// Refuses a line comment at statement level that is another migrator's.
///
/// # Errors
/// `Kind::Recipe` with the command to use instead.
pub(crate) fn refuse_comment(path: &str, line: u32, comment: &str) -> Result<()> {
    migrator(comment).map_or(Ok(()), |found| Err(refusal(path, line as usize, found)))
}

/// The failure for a folder without migrations; `looked_for` is the name
/// pattern that was.
pub(crate) fn nothing_found(folder: &Folder, looked_for: &str) -> Failure {
    let root = &folder.root;
    let failure =
        Failure::new(Kind::Recipe, format!("no migration in `{root}`: looked for {looked_for}"));
    for (ending, name, command) in PROGRAMS {
        if folder.entries().iter().any(|entry| entry.file.path.ends_with(ending)) {
            return failure
                .detail(format!("the folder looks like one of {name}"))
                .hint(recipe_line(command, root));
        }
    }
    if let Some(entry) = folder.entries().iter().find(|entry| entry.file.path.ends_with(".sql")) {
        let inner = entry.file.path.rsplit_once('/').map_or(".", |(inner, _)| inner);
        return failure
            .detail(format!("there is SQL deeper down: {}", entry.file.path))
            .hint(format!("[recipe]\nmigrations = \"{inner}\""));
    }
    failure.hint("[recipe]\nmigrations = \"path/to/migrations\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_migrators_comments_are_refused_with_its_command() {
        for (comment, command) in [
            ("-- migrate:up", "dbmate up"),
            ("-- migrate:up transaction:false", "dbmate up"),
            ("-- +goose Up", "goose up"),
            ("-- +GOOSE NO TRANSACTION", "goose up"),
            ("-- +migrate Up", "sql-migrate up"),
            ("--liquibase formatted sql", "liquibase update"),
            ("-- Down Migration", "npx node-pg-migrate up"),
            ("---- create above / drop below ----", "tern migrate"),
            ("--   //@UNDO", "migrate up"),
        ] {
            let source = format!("-- licence\n\n{comment}\r\nSELECT 1;");
            let file = SourceFile::new("db/m/1.sql", source.into_bytes());
            let failure = refuse_head(&file).unwrap_err();
            assert!(failure.to_string().starts_with("db/m/1.sql:3 "), "{failure}");
            let expected = format!("[recipe]\ncommand = \"{command}\"\ninputs = [\"db/m/**\"]");
            assert_eq!(failure.hints(), [expected]);
        }
    }

    #[test]
    fn ordinary_comments_are_left_alone() {
        for comment in [
            "-- no-transaction",
            "-- down migration exists elsewhere",
            "-- Up Migration",
            "--> statement-breakpoint",
            "-- migrates users",
            "--",
            "-- é",
        ] {
            assert!(refuse_comment("a", 1, comment).is_ok(), "{comment}");
        }
    }
}
