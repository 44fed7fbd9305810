//! A failed statement as a failure a person can act on: file and line, the
//! lines around it, all the server said, and what to do.

use seedbed_api::{Failure, Kind};
use seedbed_recipe::{Script, Statement, StatementKind};

use crate::excerpt::{Source, data_excerpt, masked};
use crate::{Complaint, advice};

/// Turns the server's complaint into a failure a person can act on.
pub(crate) struct Report<'a> {
    pub(crate) script: &'a Script,
    /// Major version of the server.
    pub(crate) server: u16,
}

impl Report<'_> {
    /// A statement of the script failed.
    pub(crate) fn at(&self, statement: &Statement, failure: Failure) -> Failure {
        let file = &self.script.file;
        let source = Source { text: &statement.text, line: statement.line as usize };
        let Some(complaint) = Complaint::of(&failure) else {
            return wrapped(format!("{file}:{} failed", source.line), failure);
        };
        let place = body_line(&statement.text, complaint)
            .and_then(|number| source.place_in_body(number))
            .unwrap_or_else(|| source.place(complaint.position));
        let mut line = source.line_of(place);
        let mut excerpt = source.excerpt(place);
        if let StatementKind::Copy { data, first_data_line } = &statement.kind
            && let Some(row) = copy_line(complaint)
        {
            line = *first_data_line as usize + row - 1;
            excerpt.extend(data_excerpt(data.as_bytes(), row, line));
        }
        let complaint = complaint.clone();
        self.failure(format!("{file}:{line} failed"), &excerpt, &statement.text, complaint)
    }

    /// Something around the statements failed.
    pub(crate) fn outside(&self, doing: &str, failure: Failure) -> Failure {
        let message = format!("{doing} {}", self.script.file);
        match Complaint::of(&failure).cloned() {
            Some(complaint) => self.failure(message, "", "", complaint),
            None => wrapped(message, failure),
        }
    }

    fn failure(
        &self,
        message: String,
        excerpt: &str,
        statement: &str,
        complaint: Complaint,
    ) -> Failure {
        // Severity, message and SQLSTATE are the cause's words.
        let mut detail = excerpt.trim_end().to_owned();
        for (word, text) in [
            ("DETAIL", &complaint.detail),
            ("HINT", &complaint.hint),
            ("QUERY", &complaint.inner_statement),
            ("CONTEXT", &complaint.context),
        ] {
            if let Some(text) = text {
                detail.push_str(&format!("\n{word}: {text}"));
            }
        }
        let circumstances = advice::Circumstances {
            statement,
            server: self.server,
            dumped_from: self.script.dumped_from.as_deref(),
        };
        let hints = advice::hints(&complaint, &circumstances);
        let mut failure = Failure::new(Kind::Build, message).because(complaint);
        if !detail.is_empty() {
            failure = failure.detail(masked(detail.trim_start_matches('\n')));
        }
        hints.into_iter().fold(failure, Failure::hint)
    }
}

/// A failure that is not the server's, with its own hints.
fn wrapped(message: String, failure: Failure) -> Failure {
    let hints = failure.hints().to_vec();
    let outer = Failure::new(failure.kind(), message).because(failure);
    hints.into_iter().fold(outer, Failure::hint)
}

/// The line of the outermost `DO` block's body, from the last context line
/// `PL/pgSQL function inline_code_block line 3 at RAISE`.
fn body_line(statement: &str, complaint: &Complaint) -> Option<usize> {
    if complaint.position.is_some() || !statement.get(..2)?.eq_ignore_ascii_case("do") {
        return None;
    }
    let context = complaint.context.as_deref()?;
    number_after(context.lines().last()?, "function inline_code_block line ")
}

/// The line within the data, from `COPY orders, line 3, column total: "x"`.
fn copy_line(complaint: &Complaint) -> Option<usize> {
    let context = complaint.context.as_deref()?;
    let line = context.lines().rev().find(|line| line.starts_with("COPY "))?;
    number_after(line, ", line ").filter(|number| *number > 0)
}

fn number_after(text: &str, marker: &str) -> Option<usize> {
    let digits = &text[text.find(marker)? + marker.len()..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}
