//! Rows of the catalogs as they came, read column by column.

use std::str::FromStr;

use seedbed_api::{Failure, Kind, Result};

use super::statement::SEPARATOR;

/// A row that is read from left to right.
pub(super) struct Row {
    cells: std::vec::IntoIter<Option<String>>,
    /// Which statement it is from.
    pub tag: String,
}

impl Row {
    pub(super) fn new(cells: Vec<Option<String>>) -> Self {
        let mut cells = cells.into_iter();
        let tag = cells.next().flatten().unwrap_or_default();
        Self { cells, tag }
    }

    /// A text that may be NULL.
    pub(super) fn maybe(&mut self) -> Option<String> {
        self.cells.next().flatten()
    }

    /// A text.
    pub(super) fn text(&mut self) -> Result<String> {
        self.maybe().ok_or_else(|| self.odd("a value is missing"))
    }

    /// A character.
    pub(super) fn letter(&mut self) -> Result<char> {
        Ok(self.maybe().and_then(|text| text.chars().next()).unwrap_or(' '))
    }

    /// A number.
    pub(super) fn number<T: FromStr>(&mut self) -> Result<T> {
        let text = self.text()?;
        text.parse().map_err(|_| self.odd("a number is none"))
    }

    /// A number, 0 for NULL.
    pub(super) fn number_or_zero<T: FromStr + Default>(&mut self) -> Result<T> {
        match self.maybe() {
            None => Ok(T::default()),
            Some(text) => text.parse().map_err(|_| self.odd("a number is none")),
        }
    }

    /// A boolean; what is no longer there has no rights and no flags.
    pub(super) fn flag(&mut self) -> bool {
        self.maybe().as_deref() == Some("t")
    }

    /// Numbers between spaces.
    pub(super) fn numbers<T: FromStr>(&mut self) -> Result<Vec<T>> {
        let text = self.maybe().unwrap_or_default();
        let numbers = text.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>();
        numbers.map_err(|_| self.odd("a number of a list is none"))
    }

    /// Texts between separators.
    pub(super) fn texts(&mut self) -> Vec<String> {
        let text = self.maybe();
        text.map(|text| text.split(SEPARATOR).map(str::to_owned).collect()).unwrap_or_default()
    }

    fn odd(&self, what: &str) -> Failure {
        let tag = &self.tag;
        Failure::new(Kind::Database, format!("cannot read the catalog's row of a {tag}: {what}"))
    }
}
