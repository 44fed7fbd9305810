//! Unique keys and constraints.

use std::collections::BTreeSet;

use seedbed_api::Result;
use seedbed_schema::{Action, Check, Exclusion, ForeignKey, KeyPart, UniqueKey};

use super::answer::Row;
use super::catalog::Catalog;
use super::{expression, node_tree};

/// A row of `pg_index`: unique, or that of an exclusion constraint.
pub(super) struct IndexRow {
    oid: u32,
    pub table: u32,
    name: String,
    primary: bool,
    immediate: bool,
    nulls_not_distinct: bool,
    pub exclusion: bool,
    /// How many of the columns are the key's; the others are INCLUDEd.
    width: usize,
    /// 0 is the next of the expressions.
    columns: Vec<i16>,
    expressions: Option<String>,
    predicate_tree: Option<String>,
    predicate: Option<String>,
    /// One for each part, if there is any expression.
    definitions: Vec<String>,
}

/// A row of `pg_constraint`.
pub(super) struct ConstraintRow {
    oid: u32,
    name: String,
    pub kind: char,
    pub table: u32,
    pub domain: u32,
    index: u32,
    parent_table: u32,
    /// The constraint of a partitioned table that this one was made for.
    origin: u32,
    columns: Vec<i16>,
    parent_columns: Vec<i16>,
    deferrable: bool,
    deferred: bool,
    match_type: char,
    on_delete: char,
    enforced: bool,
    period: bool,
    expression: Option<String>,
    operators: Vec<String>,
}

impl IndexRow {
    pub(super) fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            oid: row.number()?,
            table: row.number()?,
            name: row.text()?,
            primary: row.flag(),
            immediate: row.flag(),
            nulls_not_distinct: row.flag(),
            exclusion: row.flag(),
            width: row.number()?,
            columns: row.numbers()?,
            expressions: row.maybe(),
            predicate_tree: row.maybe(),
            predicate: row.maybe(),
            definitions: row.texts(),
        })
    }

    fn parts(&self, catalog: &Catalog) -> Vec<KeyPart> {
        let trees = self.expressions.as_deref().unwrap_or_default();
        let mut mentioned = node_tree::columns_by_item(trees).into_iter();
        let parts = self.columns.iter().take(self.width).enumerate().map(|(at, number)| {
            if *number != 0 {
                let column = catalog.column(self.table, *number);
                let expression = column.map(|it| it.quoted.clone()).unwrap_or_default();
                let name = column.map(|it| it.name.clone());
                return KeyPart {
                    columns: name.clone().into_iter().collect(),
                    column: name,
                    expression,
                };
            }
            let columns = mentioned.next().unwrap_or_default();
            KeyPart {
                column: None,
                expression: self.definitions.get(at).cloned().unwrap_or_default(),
                columns: catalog.column_names(self.table, columns),
            }
        });
        parts.collect()
    }

    fn unique_key(&self, catalog: &Catalog, constraints: &[ConstraintRow]) -> UniqueKey {
        let predicate = self.predicate_tree.as_deref().map(node_tree::columns).unwrap_or_default();
        UniqueKey {
            name: self.name.clone(),
            parts: self.parts(catalog),
            predicate: self.predicate.clone(),
            predicate_columns: catalog.column_names(self.table, predicate),
            primary: self.primary,
            constraint: constraints.iter().any(|constraint| constraint.is_made_by(self.oid)),
            immediate: self.immediate,
            nulls_not_distinct: self.nulls_not_distinct,
        }
    }

    fn exclusion(&self, catalog: &Catalog, constraints: &[ConstraintRow]) -> Exclusion {
        let constraint = constraints.iter().find(|constraint| constraint.is_made_by(self.oid));
        Exclusion {
            name: self.name.clone(),
            parts: self.parts(catalog),
            operators: constraint.map(|it| it.operators.clone()).unwrap_or_default(),
            predicate: self.predicate.clone(),
            deferrable: !self.immediate,
        }
    }
}

impl ConstraintRow {
    pub(super) fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            oid: row.number()?,
            name: row.text()?,
            kind: row.letter()?,
            table: row.number()?,
            domain: row.number()?,
            index: row.number()?,
            parent_table: row.number()?,
            origin: row.number()?,
            columns: row.numbers()?,
            parent_columns: row.numbers()?,
            deferrable: row.flag(),
            deferred: row.flag(),
            match_type: row.letter()?,
            on_delete: row.letter()?,
            enforced: row.flag(),
            period: row.flag(),
            expression: row.maybe(),
            operators: row.texts(),
        })
    }

    /// Foreign keys name an index too: that of their parent.
    fn is_made_by(&self, index: u32) -> bool {
        self.index == index && matches!(self.kind, 'p' | 'u' | 'x')
    }

    pub(super) fn check(&self, catalog: &Catalog) -> Check {
        let columns: BTreeSet<i16> = self.columns.iter().copied().collect();
        let text = self.expression.as_deref().unwrap_or_default();
        Check {
            name: self.name.clone(),
            expression: expression::without_parentheses(text).to_owned(),
            columns: catalog.column_names(self.table, columns),
            enforced: self.enforced,
        }
    }

    /// None for those that the server keeps for each partition of the parent.
    fn foreign_key(&self, catalog: &Catalog, all: &[ConstraintRow]) -> Option<ForeignKey> {
        // The copies stand beside the original in the same table; a partition's
        // copy of its own root's foreign key does not.
        if all.iter().any(|other| other.oid == self.origin) {
            return None;
        }
        let parent = catalog.relations.get(&self.parent_table)?;
        Some(ForeignKey {
            name: self.name.clone(),
            columns: catalog.column_names(self.table, self.columns.iter().copied()),
            parent: parent.name.clone(),
            parent_columns: catalog
                .column_names(self.parent_table, self.parent_columns.iter().copied()),
            deferrable: self.deferrable,
            initially_deferred: self.deferred,
            match_full: self.match_type == 'f',
            enforced: self.enforced,
            on_delete: match self.on_delete {
                'r' => Action::Restrict,
                'c' => Action::Cascade,
                'n' => Action::SetNull,
                'd' => Action::SetDefault,
                _ => Action::NoAction,
            },
            period: self.period,
        })
    }
}

/// The unique keys of a table, the primary key first.
pub(super) fn unique_keys(catalog: &Catalog, table: u32) -> Vec<UniqueKey> {
    let constraints = constraints(catalog, table);
    let mut keys: Vec<UniqueKey> = indexes(catalog, table)
        .filter(|index| !index.exclusion)
        .map(|index| index.unique_key(catalog, constraints))
        .collect();
    keys.sort_by(|a, b| b.primary.cmp(&a.primary).then_with(|| a.name.cmp(&b.name)));
    keys
}

/// The exclusion constraints of a table.
pub(super) fn exclusions(catalog: &Catalog, table: u32) -> Vec<Exclusion> {
    let constraints = constraints(catalog, table);
    let mut found: Vec<Exclusion> = indexes(catalog, table)
        .filter(|index| index.exclusion)
        .map(|index| index.exclusion(catalog, constraints))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The conditions of a table or a domain.
pub(super) fn checks(catalog: &Catalog, constraints: &[ConstraintRow]) -> Vec<Check> {
    let checks = constraints.iter().filter(|constraint| constraint.kind == 'c');
    let mut checks: Vec<Check> = checks.map(|constraint| constraint.check(catalog)).collect();
    checks.sort_by(|a, b| a.name.cmp(&b.name));
    checks
}

/// The foreign keys of a table.
pub(super) fn foreign_keys(catalog: &Catalog, table: u32) -> Vec<ForeignKey> {
    let constraints = constraints(catalog, table);
    let keys = constraints.iter().filter(|constraint| constraint.kind == 'f');
    let mut keys: Vec<ForeignKey> =
        keys.filter_map(|constraint| constraint.foreign_key(catalog, constraints)).collect();
    keys.sort_by(|a, b| a.name.cmp(&b.name));
    keys
}

/// The constraints of a table.
pub(super) fn constraints(catalog: &Catalog, table: u32) -> &[ConstraintRow] {
    catalog.constraints.get(&table).map(Vec::as_slice).unwrap_or_default()
}

fn indexes(catalog: &Catalog, table: u32) -> impl Iterator<Item = &IndexRow> {
    catalog.indexes.get(&table).into_iter().flatten()
}
