//! SQL text into statements, as `psql` would send them, with what an applier
//! must know about each.
//!
//! Invariants: text is only ever cut at semicolons the server would see as
//! statement ends; every token of the text is in exactly one statement, one
//! run of COPY data or one psql command that is skipped by name.

mod bearing;
mod dialect;
mod head;
mod kind;
mod lexer;
mod pending;
mod pieces;
mod psql;
mod reader;
mod roles;
mod token;

pub(crate) use dialect::Dialect;
pub(crate) use head::Head;
pub(crate) use lexer::Lexer;
pub(crate) use pieces::{Piece, Pieces};
pub(crate) use reader::read;

use seedbed_api::Result;

use crate::{SourceFile, Statement};

/// Splits SQL text as a migrator's files are split: psql commands are refused,
/// inline data of `COPY … FROM stdin` is taken.
///
/// # Errors
/// `Kind::Recipe`, naming the line: a quote, comment, body or run of data that
/// never ends, or a psql command.
pub fn split(sql: &str) -> Result<Vec<Statement>> {
    let source = SourceFile::new("SQL", sql.as_bytes());
    Ok(read(&source, source.text()?, Dialect::Managed)?.statements)
}
