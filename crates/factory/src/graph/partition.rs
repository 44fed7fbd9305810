//! What rows of a partitioned table, or of a partition, must meet besides the
//! table's own conditions.

use std::sync::Arc;

use seedbed_schema::{Check, ForeignKey, Schema, Table};

/// Adds to a table what its partitions demand: bounds, as a condition like any
/// other, since a row outside has no place; and foreign keys that some partition
/// has, though the table as a whole has none: a parent that is there does no
/// harm in another.
pub(super) fn partitioned(schema: &Schema, table: &mut Arc<Table>) {
    if let Some(check) = place_of(schema, table) {
        Arc::make_mut(table).checks.push(check);
    }
    let demanded = of_partitions(schema, table);
    if !demanded.is_empty() {
        Arc::make_mut(table).foreign_keys.extend(demanded);
    }
}

fn of_partitions(schema: &Schema, table: &Table) -> Vec<ForeignKey> {
    let mut found: Vec<ForeignKey> = Vec::new();
    for leaf in table.partitions.iter().filter_map(|partition| schema.table(&partition.name)) {
        for foreign in &leaf.foreign_keys {
            let same = |own: &ForeignKey| {
                own.columns == foreign.columns
                    && own.parent == foreign.parent
                    && own.parent_columns == foreign.parent_columns
            };
            if !table.foreign_keys.iter().chain(&found).any(same) {
                found.push(foreign.clone());
            }
        }
    }
    found
}

/// What a partitioned table, or a partition, can hold, as a condition like any
/// other: a row outside has no place.
fn place_of(schema: &Schema, table: &Table) -> Option<Check> {
    let (holds, key): (Vec<String>, &[String]) = if table.partition_key.is_empty() {
        let (parent, own) = schema.tables.values().find_map(|parent| {
            let own = parent.partitions.iter().find(|partition| partition.name == table.name)?;
            Some((parent, own))
        })?;
        (vec![own.holds.clone()?], &parent.partition_key)
    } else {
        let holds: Option<Vec<String>> =
            table.partitions.iter().map(|partition| partition.holds.clone()).collect();
        (holds?, &table.partition_key)
    };
    let expression = if holds.is_empty() {
        "false".to_owned()
    } else {
        holds.iter().map(|holds| format!("({holds})")).collect::<Vec<_>>().join(" OR ")
    };
    let mentioned = |name: &str| key.iter().any(|part| part.contains(name));
    let columns = table.columns.iter().map(|column| column.name.clone());
    Some(Check {
        name: format!("partitions of {}", table.name.name),
        expression,
        columns: columns.filter(|name| mentioned(name)).collect(),
        enforced: true,
    })
}
