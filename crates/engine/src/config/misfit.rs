//! Values that do not fit, and how they are told: place, key, what stands
//! there, what was expected, and a corrected line. Never a password.

use seedbed_api::{Failure, Kind};

use super::document::Raw;
use super::keys::Key;
use super::layers::Given;
use super::redact::redact;
use super::value::Origin;

/// Why a value does not fit.
pub(super) struct Misfit {
    /// What would have fitted, as a fragment after "expected".
    expected: String,
    /// A fitting value as written in the file, nearer than the key's example.
    pub(super) better: Option<String>,
    /// The element at fault, when it is not the whole value.
    element: Option<Element>,
}

/// An element of a list or a table.
struct Element {
    /// Its name within the table, with a dot before it; empty in a list.
    suffix: String,
    /// The line it stands on; 0 when it came from a flag.
    line: usize,
    found: String,
}

impl Misfit {
    pub(super) fn new(expected: impl Into<String>) -> Self {
        Self { expected: expected.into(), better: None, element: None }
    }

    /// The same fault where something else would have fitted.
    pub(super) fn expecting(mut self, expected: &str) -> Self {
        expected.clone_into(&mut self.expected);
        self
    }

    /// The fault lies in one item of a list.
    pub(super) fn in_list(mut self, line: usize, raw: &Raw) -> Self {
        self.element = Some(Element { suffix: String::new(), line, found: show(raw) });
        self
    }

    /// The fault lies in one entry of a table.
    pub(super) fn in_table(mut self, name: &str, line: usize, raw: &Raw) -> Self {
        self.element = Some(Element { suffix: format!(".{name}"), line, found: show(raw) });
        self
    }

    /// The failure to show: place, key, what stands there, what was expected,
    /// and a corrected line.
    pub(super) fn failure(self, key: &Key, given: &Given) -> Failure {
        let element = self.element.unwrap_or_else(|| Element {
            suffix: String::new(),
            line: 0,
            found: show(&given.raw),
        });
        let place = match &given.origin {
            Origin::File(_) if element.line > 0 => Origin::File(element.line),
            origin => origin.clone(),
        };
        let better = self.better.unwrap_or_else(|| key.example.to_owned());
        let hint = match &given.origin {
            Origin::Variable(name) => format!("{name}={}", better.trim_matches('"')),
            Origin::Flag(flag) => format!("{flag} {}", better.trim_matches(['"', '[', ']'])),
            _ => key.lines(&better),
        };
        let message = format!(
            "{place}: `{}{}` is {}, expected {}",
            key.name, element.suffix, element.found, self.expected
        );
        Failure::new(Kind::Config, message).hint(hint)
    }
}

/// A value as an error may show it.
fn show(raw: &Raw) -> String {
    match raw {
        Raw::Text(text) => format!("\"{}\"", redact(text)),
        Raw::Number(number) => number.clone(),
        Raw::Bool(flag) => flag.to_string(),
        Raw::List(_) => "a list".into(),
        Raw::Table(_) => "a table".into(),
        Raw::Other(name) => (*name).into(),
    }
}
