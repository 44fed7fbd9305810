//! Columns.

use seedbed_api::Result;
use seedbed_schema::{Collation, Column, Generated, Identity};

use super::answer::Row;
use super::catalog::Catalog;
use super::expression;
use super::type_book::TypeBook;

/// A row of `pg_attribute`, with the default it has in `pg_attrdef`.
pub(super) struct ColumnRow {
    pub number: i16,
    pub name: String,
    /// As it stands in SQL.
    pub quoted: String,
    pub type_oid: u32,
    pub modifier: i32,
    pub type_sql: String,
    not_null: bool,
    expression: Option<String>,
    identity: char,
    generated: char,
    collation: u32,
}

/// The collation `default`, of a fixed number in every database.
const DATABASE_COLLATION: u32 = 100;

impl ColumnRow {
    pub(super) fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            number: row.number()?,
            name: row.text()?,
            quoted: row.text()?,
            type_oid: row.number()?,
            modifier: row.number()?,
            type_sql: row.text()?,
            not_null: row.flag(),
            expression: row.maybe(),
            identity: row.letter()?,
            generated: row.letter()?,
            collation: row.number()?,
        })
    }

    /// The column, of relation `table`.
    pub(super) fn column(&self, table: u32, catalog: &Catalog, types: &mut TypeBook<'_>) -> Column {
        let data_type = types.reference(self.type_oid, self.modifier, &self.type_sql);
        let (default, generated) = match (&self.expression, self.generated) {
            (None, _) => (None, None),
            (Some(text), 's' | 'v') => {
                let expression = expression::without_parentheses(text).to_owned();
                (None, Some(Generated { expression, stored: self.generated == 's' }))
            }
            (Some(text), _) => (Some(text.clone()), None),
        };
        let says_nothing = match (&default, catalog.types.get(&self.type_oid)) {
            (Some(default), _) => expression::is_surrogate(default),
            (None, Some(of)) => of.default.as_deref().is_some_and(expression::is_surrogate),
            (None, None) => false,
        };
        Column {
            name: self.name.clone(),
            number: self.number,
            not_null: self.not_null || types.refuses_null(self.type_oid),
            surrogate: says_nothing && generated.is_none(),
            default,
            identity: match self.identity {
                'a' => Some(Identity::Always),
                'd' => Some(Identity::ByDefault),
                _ => None,
            },
            generated,
            collation: self.collation(catalog, types),
            comment: catalog.comments.get(&(table, self.number)).cloned(),
            data_type,
        }
    }

    /// A domain's collation counts as the column's own: a reader that looks
    /// for nondeterministic ones must not have to look into domains.
    fn collation(&self, catalog: &Catalog, types: &TypeBook<'_>) -> Option<Collation> {
        let usual = [0, DATABASE_COLLATION, types.base_collation(self.type_oid)];
        if usual.contains(&self.collation) {
            return None;
        }
        let (name, deterministic) = catalog.collations.get(&self.collation)?;
        Some(Collation { name: name.clone(), deterministic: *deterministic })
    }
}
