//! SQL text into statements.

use seedbed_api::Result;

use crate::{Format, Script, SourceFile, Statement, StatementKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Migration,
    Dump,
}

impl Dialect {
    pub(crate) fn of(format: Format, _text: &str) -> Self {
        if format == Format::Dump { Self::Dump } else { Self::Migration }
    }
}

/// Splits.
pub fn split(sql: &str) -> Result<Vec<Statement>> {
    Ok(vec![Statement { text: sql.to_owned(), line: 1, kind: StatementKind::Sql }])
}

pub(crate) fn read(source: &SourceFile, text: &str, _dialect: Dialect) -> Result<Script> {
    Ok(Script {
        file: source.path.clone(),
        statements: split(text)?,
        transaction: true,
        before: Vec::new(),
        after: Vec::new(),
        dumped_from: None,
        roles_mentioned: Vec::new(),
        notices: Vec::new(),
    })
}
