//! What the catalogs say, by the numbers they say it with.

use std::collections::{BTreeMap, HashMap};

use seedbed_api::Result;
use seedbed_schema::TableName;

use super::answer::Row;
use super::column::ColumnRow;
use super::key::{ConstraintRow, IndexRow};
use super::type_book::TypeRow;

/// Everything that was read.
#[derive(Default)]
pub(super) struct Catalog {
    pub relations: BTreeMap<u32, Relation>,
    /// What takes no rows, and its kind.
    pub others: Vec<(TableName, char)>,
    /// In the order of their numbers.
    pub columns: HashMap<u32, Vec<ColumnRow>>,
    pub indexes: HashMap<u32, Vec<IndexRow>>,
    /// Of tables.
    pub constraints: HashMap<u32, Vec<ConstraintRow>>,
    /// Of domains.
    pub conditions: HashMap<u32, Vec<ConstraintRow>>,
    pub triggers: HashMap<u32, Vec<TriggerRow>>,
    /// Leaves and what they hold.
    pub partitions: HashMap<u32, Vec<(u32, Option<String>)>>,
    pub types: HashMap<u32, TypeRow>,
    pub labels: HashMap<u32, Vec<String>>,
    /// Qualified name, and whether it is deterministic.
    pub collations: HashMap<u32, (String, bool)>,
    /// By relation and column; 0 is the relation.
    pub comments: HashMap<(u32, i16), String>,
}

/// A trigger.
pub(super) struct TriggerRow {
    pub name: String,
    /// `tgtype`.
    pub events: i16,
    /// Of its function.
    pub source: String,
}

/// A table or a view.
pub(super) struct Relation {
    pub name: TableName,
    pub kind: char,
    pub is_partition: bool,
    pub row_security: bool,
    pub may_select: bool,
    pub may_insert: bool,
    pub of_extension: bool,
    /// Whether tables inherit from it that are no partitions.
    pub has_heirs: bool,
    /// Columns of the partition key; 0 is the next of the expressions.
    pub partition_columns: Vec<i16>,
    pub partition_expressions: Option<String>,
    /// The query of a view that the server updates by itself.
    pub query: Option<String>,
}

impl Catalog {
    pub(super) fn read(rows: impl Iterator<Item = Row>) -> Result<Self> {
        let mut it = Self::default();
        for row in rows {
            it.take(row)?;
        }
        Ok(it)
    }

    fn take(&mut self, mut row: Row) -> Result<()> {
        match row.tag.as_str() {
            "relation" => {
                self.relations.insert(row.number()?, Relation::read(&mut row)?);
            }
            "other" => {
                let name = TableName::new(row.text()?, row.text()?);
                self.others.push((name, row.text()?.chars().next().unwrap_or_default()));
            }
            "column" => {
                let table = row.number()?;
                self.columns.entry(table).or_default().push(ColumnRow::read(&mut row)?);
            }
            "index" => {
                let index = IndexRow::read(&mut row)?;
                self.indexes.entry(index.table).or_default().push(index);
            }
            "constraint" => {
                let constraint = ConstraintRow::read(&mut row)?;
                let (of, owner) = match constraint.domain {
                    0 => (&mut self.constraints, constraint.table),
                    domain => (&mut self.conditions, domain),
                };
                of.entry(owner).or_default().push(constraint);
            }
            "trigger" => {
                let table = row.number()?;
                let trigger = TriggerRow {
                    name: row.text()?,
                    events: row.number()?,
                    source: row.maybe().unwrap_or_default(),
                };
                self.triggers.entry(table).or_default().push(trigger);
            }
            "partition" => {
                let root = row.number()?;
                let leaf = (row.number()?, row.maybe());
                self.partitions.entry(root).or_default().push(leaf);
            }
            "type" => {
                self.types.insert(row.number()?, TypeRow::read(&mut row)?);
            }
            "label" => {
                let of = row.number()?;
                self.labels.entry(of).or_default().push(row.text()?);
            }
            "collation" => {
                self.collations.insert(row.number()?, (row.text()?, row.flag()));
            }
            "comment" => {
                self.comments.insert((row.number()?, row.number()?), row.text()?);
            }
            // Settings that were set.
            _ => {}
        }
        Ok(())
    }

    /// A relation's column; rows of columns come in the order of their numbers.
    pub(super) fn column(&self, table: u32, number: i16) -> Option<&ColumnRow> {
        let columns = self.columns.get(&table)?;
        let at = columns.binary_search_by_key(&number, |column| column.number).ok()?;
        Some(&columns[at])
    }

    /// Names of columns; number 0 is the whole row, and system columns have no
    /// place in a schema.
    pub(super) fn column_names(
        &self,
        table: u32,
        numbers: impl IntoIterator<Item = i16>,
    ) -> Vec<String> {
        let numbers: Vec<i16> = numbers.into_iter().collect();
        if numbers.contains(&0) {
            let columns = self.columns.get(&table).map(Vec::as_slice).unwrap_or_default();
            return columns.iter().map(|column| column.name.clone()).collect();
        }
        let columns = numbers.into_iter().filter_map(|number| self.column(table, number));
        columns.map(|column| column.name.clone()).collect()
    }
}

impl Relation {
    fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            name: TableName::new(row.text()?, row.text()?),
            kind: row.letter()?,
            is_partition: row.flag(),
            row_security: row.flag(),
            may_select: row.flag(),
            may_insert: row.flag(),
            of_extension: row.flag(),
            has_heirs: row.flag(),
            partition_columns: row.numbers()?,
            partition_expressions: row.maybe(),
            query: row.maybe(),
        })
    }
}
