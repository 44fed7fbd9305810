//! psql's own commands, which the server does not know.

use seedbed_api::{Failure, Kind, Result};

use super::Dialect;

/// What comes of a psql command in a file.
///
/// `command` is the command with its backslash, without arguments. In a dump
/// the returned text, if any, is a notice.
///
/// # Errors
/// `Kind::Recipe` where it cannot be passed over.
pub(crate) fn pass_over(
    path: &str,
    line: u32,
    command: &str,
    dialect: Dialect,
) -> Result<Option<String>> {
    if dialect == Dialect::Dump {
        match command {
            // Guards of a dump against injection by its source (CVE-2025-8714).
            "\\restrict" | "\\unrestrict" => return Ok(None),
            "\\connect" | "\\c" => {
                return Ok(Some(format!(
                    "{path}:{line}: {command} is skipped: everything goes into one database"
                )));
            }
            _ => {}
        }
    }
    if command == "\\." {
        return Err(Failure::new(
            Kind::Recipe,
            format!("{path}:{line}: `\\.` ends no data: no COPY … FROM stdin stands before it"),
        ));
    }
    let failure = Failure::new(
        Kind::Recipe,
        format!("{path}:{line}: `{command}` is a command of psql, which the server does not know"),
    );
    let hint = match dialect {
        Dialect::Dump => format!(
            "remove the line, or let psql run the file:
\
             [recipe]
command = \"psql -v ON_ERROR_STOP=1 -f {path}\"
inputs = [\"{path}\"]"
        ),
        Dialect::Plain | Dialect::Managed => {
            format!(
                "remove the line, or if pg_dump wrote the file:
[recipe]
dump = \"{path}\""
            )
        }
    };
    Err(failure.hint(hint))
}

/// The command at the start of `text`, with its backslash.
pub(crate) fn command(text: &str) -> &str {
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, c)| c.is_whitespace() || *c == '\\' || *c == ';')
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}
