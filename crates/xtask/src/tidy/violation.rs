//! One broken rule, at one line, with what to do about it.

use std::fmt;

/// Sorted by place, printed as `file:line: rule: remedy`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    file: String,
    line: usize,
    rule: &'static str,
    remedy: String,
}

impl Violation {
    /// `remedy` says what is wrong and what to do, in one sentence fragment.
    pub(crate) fn new(
        file: &str,
        line: usize,
        rule: &'static str,
        remedy: impl Into<String>,
    ) -> Self {
        Self { file: file.to_owned(), line, rule, remedy: remedy.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.rule, self.remedy)
    }
}

/// What a rule found, as text, for comparing in tests.
#[cfg(test)]
pub(crate) fn shown(violations: &[Violation]) -> Vec<String> {
    violations.iter().map(ToString::to_string).collect()
}
