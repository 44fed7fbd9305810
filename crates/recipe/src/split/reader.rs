//! From tokens to the statements of a file.

use std::collections::BTreeSet;

use seedbed_api::{Failure, Kind, Result};

use super::bearing::Bearing;
use super::lexer::Lexer;
use super::pending::Pending;
use super::token::{Token, TokenKind, Unterminated};
use super::{Dialect, kind, psql, roles};
use crate::statement::CopyData;
use crate::{Script, SourceFile, Statement, StatementKind, foreign};

/// Line comment that keeps a file out of a transaction, in any format.
const NO_TRANSACTION: &str = "seedbed: no-transaction";
/// Line comment in which `pg_dump` names the server's version.
const DUMPED_FROM: &str = "Dumped from database version ";

/// Splits `text`, which is the text of `source`.
///
/// # Errors
/// `Kind::Recipe` with file and line: something never ends, a psql command
/// cannot be passed over, or a comment is another migrator's.
pub(crate) fn read(source: &SourceFile, text: &str, dialect: Dialect) -> Result<Script> {
    let mut reader = Reader {
        source,
        text,
        dialect,
        lexer: Lexer::new(text),
        pending: Pending::default(),
        roles: BTreeSet::new(),
        script: Script {
            file: source.path.clone(),
            statements: Vec::new(),
            transaction: true,
            before: Vec::new(),
            after: Vec::new(),
            dumped_from: None,
            roles_mentioned: Vec::new(),
            notices: Vec::new(),
        },
    };
    while let Some(token) = reader.next()? {
        reader.take(token)?;
    }
    reader.finish()
}

struct Reader<'s> {
    source: &'s SourceFile,
    text: &'s str,
    dialect: Dialect,
    lexer: Lexer<'s>,
    pending: Pending,
    roles: BTreeSet<String>,
    script: Script,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Option<Token>> {
        self.lexer.next().map_err(|open| unterminated(&self.source.path, open))
    }

    fn take(&mut self, token: Token) -> Result<()> {
        match token.kind {
            TokenKind::BlockComment => Ok(()),
            TokenKind::LineComment => self.comment(token),
            TokenKind::Backslash => self.psql_command(token),
            TokenKind::Semicolon if self.pending.is_ended(self.text) => self.end_statement(true),
            _ => {
                self.pending.grow(self.text, token);
                Ok(())
            }
        }
    }

    fn comment(&mut self, token: Token) -> Result<()> {
        let comment = &self.text[token.start..token.end];
        let content = comment.trim_start_matches('-').trim();
        let before_all = self.script.statements.is_empty() && self.pending.first.is_none();
        if before_all && content.eq_ignore_ascii_case(NO_TRANSACTION) {
            self.script.transaction = false;
        }
        match self.dialect {
            Dialect::Plain => foreign::refuse_comment(&self.source.path, token.line, comment),
            Dialect::Managed => Ok(()),
            Dialect::Dump => {
                if self.script.dumped_from.is_none()
                    && let Some(version) = content.strip_prefix(DUMPED_FROM)
                {
                    // "17.2 (Debian 17.2-1.pgdg120+1)"
                    self.script.dumped_from = version.split(' ').next().map(str::to_owned);
                }
                Ok(())
            }
        }
    }

    fn psql_command(&mut self, token: Token) -> Result<()> {
        let line_end = self.text[token.start..]
            .find('\n')
            .map_or(self.text.len(), |length| token.start + length);
        let command = psql::command(&self.text[token.start..line_end]);
        let path = &self.source.path;
        let dialect = if self.pending.first.is_some() { Dialect::Managed } else { self.dialect };
        let notice = psql::pass_over(path, token.line, command, dialect)?;
        self.script.notices.extend(notice);
        self.lexer.skip_to(line_end);
        Ok(())
    }

    /// Closes the statement being read, if it holds anything.
    fn end_statement(&mut self, by_semicolon: bool) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let (Some(first), Some(last)) = (pending.first, pending.last) else { return Ok(()) };
        let head = pending.head(self.text);
        let kind = if kind::reads_data(&head) {
            self.copy_data(first.line, by_semicolon)?
        } else {
            kind::of(&head, first.start, self.dialect == Dialect::Dump)
        };
        if kind == StatementKind::DatabaseLevel {
            self.script.notices.push(format!(
                "{}:{}: {} is skipped: everything goes into one database",
                self.source.path,
                first.line,
                kind::caption(&head),
            ));
        } else {
            if Bearing::of(&head) != Bearing::None {
                self.script.transaction = false;
            }
            if self.dialect == Dialect::Dump {
                roles::collect(&head, &mut self.roles);
            }
        }
        if let Some(conforming) = pending.conforming_strings(self.text) {
            self.lexer.plain_escapes = !conforming;
        }
        let text = self.text[first.start..last.end].to_owned();
        self.script.statements.push(Statement { text, line: first.line, kind });
        Ok(())
    }

    /// Takes the lines after a `COPY … FROM stdin;` up to `\.`.
    fn copy_data(&mut self, copy_line: u32, by_semicolon: bool) -> Result<StatementKind> {
        let path = &self.source.path;
        let refuse = |what: &str| {
            Failure::new(Kind::Recipe, format!("{path}:{copy_line}: COPY … FROM stdin {what}"))
        };
        let rest = &self.text[self.lexer.at()..];
        let (tail, lines) = rest.split_once('\n').unwrap_or((rest, ""));
        let tail = tail.trim();
        if !by_semicolon || lines.is_empty() {
            return Err(refuse("has no data after it")
                .hint("put the rows on the lines after it and `\\.` on the last"));
        }
        if !(tail.is_empty() || tail.starts_with("--")) {
            return Err(refuse("has text behind it in its line, where data must follow"));
        }
        let start = self.text.len() - lines.len();
        let Some((data, after)) = end_of_data(lines) else {
            return Err(refuse("has data that never ends")
                .hint("the file may be cut off: its last line of data must be `\\.`"));
        };
        self.lexer.skip_to(start);
        let first_data_line = self.lexer.line();
        self.lexer.skip_to(start + after);
        let mark = self.source.bytes.len() - self.text.len();
        let range = mark + start..mark + start + data;
        let data = CopyData::new(self.source.bytes.clone(), range);
        Ok(StatementKind::Copy { data, first_data_line })
    }

    fn finish(mut self) -> Result<Script> {
        if self.pending.body_depth > 0 {
            let open = Unterminated { what: "BEGIN ATOMIC", line: self.pending.body_line };
            return Err(unterminated(&self.source.path, open));
        }
        self.end_statement(false)?;
        for statement in &self.script.statements {
            if let StatementKind::CreateRole { name } = &statement.kind {
                self.roles.remove(name);
            }
        }
        self.script.roles_mentioned = self.roles.into_iter().collect();
        Ok(self.script)
    }
}

/// Length of the data in `lines`, and offset of the line after `\.`.
fn end_of_data(lines: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let at = if from == 0 && lines.starts_with("\\.") {
            0
        } else {
            from + lines[from..].find("\n\\.")? + 1
        };
        let rest = &lines[at + 2..];
        let line_end = rest.find('\n').unwrap_or(rest.len());
        if matches!(&rest[..line_end], "" | "\r") {
            return Some((at, at + 2 + line_end));
        }
        from = at + 1;
    }
}

fn unterminated(path: &str, open: Unterminated) -> Failure {
    Failure::new(
        Kind::Recipe,
        format!("{path}:{}: the {} opened here never ends", open.line, open.what),
    )
}
