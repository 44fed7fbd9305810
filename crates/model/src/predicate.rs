//! What can be said of a row without a server: whether it is inside the
//! predicate of a partial index, and which columns are the same in all rows.

use std::collections::BTreeMap;

use crate::check::{Outcome, Row, Sort, Unknown, Value, holds, parse, read};
use crate::column::{Cell, LeftOut, size};
use crate::fill::{ColumnModel, Fill};
use crate::table_model::TableModel;

impl TableModel {
    /// Whether a row with these values is inside a predicate, NULL being
    /// outside of it. `None` where that depends on a value that is generated
    /// or that only the server knows, such as those of the columns `open`.
    #[must_use]
    pub fn is_inside(
        &self,
        predicate: &str,
        fixed: &BTreeMap<&str, Option<&str>>,
        open: &[&str],
    ) -> Option<bool> {
        let place = |name: &str| self.cells.iter().position(|cell| cell.name == name);
        let predicate = parse(predicate, &place)?;
        let row = Passed { cells: &self.cells, columns: &self.columns, fixed, open };
        holds(&predicate, &row).ok().map(|held| held == Some(true))
    }

    /// Whether no row with these values meets a condition, whatever the columns
    /// `open` hold; the others that are not given are NULL or their default.
    #[must_use]
    pub fn is_refused(
        &self,
        condition: &str,
        fixed: &BTreeMap<&str, Option<&str>>,
        open: &[&str],
    ) -> bool {
        let place = |name: &str| self.cells.iter().position(|cell| cell.name == name);
        let row = Passed { cells: &self.cells, columns: &self.columns, fixed, open };
        parse(condition, &place).is_some_and(|condition| holds(&condition, &row) == Ok(Some(false)))
    }

    /// Whether the database gives a column the same value in all rows of a
    /// statement, if nobody gives it another.
    #[must_use]
    pub fn is_constant(&self, column: &str) -> bool {
        let cell = self.cells.iter().find(|cell| cell.name == column);
        cell.is_some_and(|cell| matches!(cell.left_out, LeftOut::Constant(_) | LeftOut::Now))
    }

    /// Whether a column's generated values differ from row to row in any case:
    /// they are dealt without replacement, there are more of them than rows, and no
    /// condition takes some of them away.
    #[must_use]
    pub fn is_dealt(&self, column: &str) -> bool {
        let Some(at) = self.cells.iter().position(|cell| cell.name == column) else { return false };
        let cell = &self.cells[at];
        let mut conditions = self.conditions.iter().filter(|condition| !condition.settled);
        let judged = self.judged.iter().flat_map(|check| &check.columns);
        cell.unique == Some(1)
            && size(cell).is_none()
            && !conditions.any(|condition| condition.columns.contains(&at))
            && !judged.into_iter().any(|name| name == column)
    }

    /// The default of a column as text, if it is a text, a number or a truth value
    /// that is known beforehand.
    #[must_use]
    pub fn default(&self, column: &str) -> Option<String> {
        let cell = self.cells.iter().find(|cell| cell.name == column)?;
        match &cell.left_out {
            LeftOut::Constant(Value::Text(text)) => Some(text.clone()),
            LeftOut::Constant(Value::Number(number)) => Some(number.to_string()),
            LeftOut::Constant(Value::Bool(truth)) => Some(truth.to_string()),
            _ => None,
        }
    }
}

/// A row of which only what was passed, and what the database adds, is known.
struct Passed<'a> {
    cells: &'a [Cell],
    columns: &'a [ColumnModel],
    fixed: &'a BTreeMap<&'a str, Option<&'a str>>,
    open: &'a [&'a str],
}

impl Row for Passed<'_> {
    fn value(&self, column: usize) -> Outcome {
        let cell = &self.cells[column];
        let name = cell.name.as_str();
        match self.fixed.get(name) {
            Some(Some(text)) => return read(text, &cell.sort).map(Some).ok_or(Unknown),
            Some(None) => return Ok(None),
            None if self.open.contains(&name) => return Err(Unknown),
            None => {}
        }
        match (&self.columns[column].fill, &cell.left_out) {
            (Fill::Database, LeftOut::Null) => Ok(None),
            (Fill::Database, LeftOut::Constant(value)) => Ok(Some(value.clone())),
            _ => Err(Unknown),
        }
    }

    fn sort(&self, column: usize) -> &Sort {
        &self.cells[column].sort
    }

    fn is_now(&self, _: usize) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use seedbed_schema::{Base, Column, Schema, Table, TableKind, TableName, TypeRef, TypeShape};
    use seedbed_values::Locale;

    use super::*;
    use crate::settings::Settings;

    fn column(name: &str, base: Base, not_null: bool, default: Option<&str>) -> Column {
        Column {
            name: name.to_owned(),
            number: 1,
            data_type: TypeRef {
                sql: "text".to_owned(),
                shape: TypeShape::Base(base),
                length: None,
                precision: None,
                scale: None,
                has_default: false,
            },
            not_null,
            default: default.map(str::to_owned),
            surrogate: false,
            identity: None,
            generated: None,
            collation: None,
            comment: None,
        }
    }

    fn model() -> TableModel {
        let table = Table {
            name: TableName::new("public", "t"),
            kind: TableKind::Ordinary,
            columns: vec![
                column("flag", Base::Bool, true, Some("false")),
                column("state", Base::Text, true, Some("'open'::text")),
                column("gone", Base::Timestamptz, false, None),
                column("at", Base::Timestamptz, true, Some("now()")),
                column("number", Base::Text, true, Some("next_number()")),
                column("name", Base::Text, true, None),
            ],
            keys: Vec::new(),
            checks: Vec::new(),
            exclusions: Vec::new(),
            foreign_keys: Vec::new(),
            triggers: Vec::new(),
            row_security: false,
            partitions: Vec::new(),
            partition_key: Vec::new(),
            view: None,
            may_select: true,
            may_insert: true,
            counts_inserts: false,
            has_heirs: false,
            comment: None,
        };
        let settings = Settings { seed: "test".to_owned(), locale: Locale::EnUs };
        TableModel::new(&Schema::default(), &table, &settings, &BTreeSet::new())
    }

    #[test]
    fn defaults_and_what_was_passed_say_where_a_row_is() {
        let model = model();
        for (predicate, passed, expected) in [
            ("flag", &[][..], Some(false)),
            ("(NOT flag)", &[], Some(true)),
            ("flag", &[("flag", Some("yes"))], Some(true)),
            ("(state = 'open'::text)", &[], Some(true)),
            ("(state = ANY (ARRAY['a'::text, 'b'::text]))", &[], Some(false)),
            ("(state = 'open'::text)", &[("state", None)], Some(false)),
            ("(gone IS NULL)", &[], Some(true)),
            ("((gone IS NULL) AND flag)", &[("flag", Some("t"))], Some(true)),
            ("((gone IS NULL) AND flag)", &[("gone", Some("2024-01-01"))], Some(false)),
            ("(gone > '2024-01-01 00:00:00+00'::timestamp with time zone)", &[], Some(false)),
            ("(at > '2000-01-01 00:00:00+00'::timestamp with time zone)", &[], None),
            ("(number <> ''::text)", &[], None),
            // Generated.
            ("(name <> ''::text)", &[], None),
            ("((name <> ''::text) AND flag)", &[], Some(false)),
            ("odd(name)", &[("name", Some("x"))], None),
        ] {
            let passed: BTreeMap<_, _> = passed.iter().copied().collect();
            assert_eq!(model.is_inside(predicate, &passed, &[]), expected, "{predicate}");
        }
        assert_eq!(model.is_inside("flag", &BTreeMap::new(), &["flag"]), None);
    }

    #[test]
    fn what_is_the_same_in_all_rows_is_known() {
        let model = model();
        let constant = ["flag", "state", "gone", "at", "number", "name", "none"]
            .map(|name| model.is_constant(name));
        assert_eq!(constant, [true, true, false, true, false, false, false]);
    }
}
