//! From what the catalogs say to a schema.

use std::collections::BTreeSet;

use seedbed_schema::{Partition, Schema, Table, TableKind, TableName, Trigger, View};

use super::assignment::{assigned, replaced};
use super::catalog::{Catalog, Relation, TriggerRow};
use super::type_book::TypeBook;
use super::{expression, key, node_tree};

/// Bits of `pg_trigger.tgtype`.
const FOR_EACH_ROW: i16 = 1;
const ON_INSERT: i16 = 4;
const ON_UPDATE: i16 = 16;

/// Everything but the search path.
pub(super) fn schema(catalog: &Catalog, server: u16) -> Schema {
    let mut types = TypeBook::new(catalog);
    let mut schema = Schema { server, ..Schema::default() };
    let own = catalog.relations.iter().filter(|(_, relation)| !relation.of_extension);
    for (oid, relation) in own {
        let table = table(catalog, &mut types, *oid, relation);
        schema.tables.insert(Schema::entry(&relation.name), table);
    }
    schema.types = types.describe();
    for (name, kind) in &catalog.others {
        let what = if *kind == 'm' { "a materialized view" } else { "a view that takes no rows" };
        schema.others.insert(Schema::entry(name), what.to_owned());
    }
    schema
}

fn table(catalog: &Catalog, types: &mut TypeBook<'_>, oid: u32, relation: &Relation) -> Table {
    let columns = catalog.columns.get(&oid).into_iter().flatten();
    Table {
        name: relation.name.clone(),
        kind: match relation.kind {
            'p' => TableKind::Partitioned,
            'f' => TableKind::Foreign,
            'v' => TableKind::View,
            _ if relation.is_partition => TableKind::Partition,
            _ => TableKind::Ordinary,
        },
        columns: columns.map(|column| column.column(oid, catalog, types)).collect(),
        keys: key::unique_keys(catalog, oid),
        checks: key::checks(catalog, key::constraints(catalog, oid)),
        exclusions: key::exclusions(catalog, oid),
        foreign_keys: key::foreign_keys(catalog, oid),
        triggers: triggers(catalog, oid),
        counts_inserts: catalog.triggers.get(&oid).into_iter().flatten().any(counts_inserts),
        row_security: relation.row_security,
        has_heirs: relation.has_heirs,
        partitions: partitions(catalog, oid),
        partition_key: partition_key(catalog, oid, relation),
        view: relation.query.as_deref().and_then(|query| view(catalog, oid, query)),
        may_select: relation.may_select,
        may_insert: relation.may_insert,
        comment: catalog.comments.get(&(oid, 0)).cloned(),
    }
}

/// Whether it is one for each statement.
fn counts_inserts(trigger: &TriggerRow) -> bool {
    trigger.events & FOR_EACH_ROW == 0 && trigger.events & ON_INSERT != 0
}

fn triggers(catalog: &Catalog, oid: u32) -> Vec<Trigger> {
    let found = catalog.triggers.get(&oid).into_iter().flatten();
    let columns = catalog.columns.get(&oid);
    let is_column =
        |name: &String| columns.into_iter().flatten().any(|column| column.name == *name);
    let mut triggers: Vec<Trigger> = found
        .filter(|trigger| trigger.events & FOR_EACH_ROW != 0)
        .map(|trigger| Trigger {
            name: trigger.name.clone(),
            on_insert: trigger.events & ON_INSERT != 0,
            on_update: trigger.events & ON_UPDATE != 0,
            writes: assigned(&trigger.source).into_iter().filter(is_column).collect(),
            replaces: replaced(&trigger.source).into_iter().filter(is_column).collect(),
        })
        .collect();
    triggers.sort_by(|a, b| a.name.cmp(&b.name));
    triggers
}

fn partitions(catalog: &Catalog, oid: u32) -> Vec<Partition> {
    let name = |oid: u32| catalog.relations.get(&oid).map(|relation| &relation.name);
    let sql = |oid: u32| name(oid).map(TableName::sql);
    let leaves = catalog.partitions.get(&oid).into_iter().flatten();
    let mut partitions: Vec<Partition> = leaves
        .filter_map(|(leaf, holds)| {
            Some(Partition {
                name: name(*leaf)?.clone(),
                holds: holds.as_deref().map(|text| expression::with_names(text, sql)),
            })
        })
        .collect();
    partitions.sort_by(|a, b| a.name.cmp(&b.name));
    partitions
}

fn partition_key(catalog: &Catalog, oid: u32, relation: &Relation) -> Vec<String> {
    let texts = relation.partition_expressions.as_deref();
    let mut expressions = texts.map(expression::items).unwrap_or_default().into_iter();
    let parts = relation.partition_columns.iter().filter_map(|number| match number {
        0 => expressions.next().map(str::to_owned),
        number => catalog.column(oid, *number).map(|column| column.quoted.clone()),
    });
    parts.collect()
}

/// A view's base; none where columns come from several relations, which the
/// server would not have called updatable.
fn view(catalog: &Catalog, oid: u32, query: &str) -> Option<View> {
    let origins = node_tree::origins(query);
    let bases: BTreeSet<u32> =
        origins.iter().map(|origin| origin.table).filter(|table| *table != 0).collect();
    let [base] = Vec::from_iter(bases)[..] else { return None };
    let columns = origins.iter().filter(|origin| origin.table == base).filter_map(|origin| {
        let here = catalog.column(oid, origin.number)?;
        let there = catalog.column(base, origin.column)?;
        Some((here.name.clone(), there.name.clone()))
    });
    let columns = columns.collect();
    Some(View { base: catalog.relations.get(&base)?.name.clone(), columns })
}
