//! A schema as clients are told it.

use seedbed_api::plan::{
    ColumnFacts, IdentitySort, KeyFacts, ReferenceFacts, SchemaFacts, TableFacts, TableSort,
};
use seedbed_schema::{Column, ForeignKey, Identity, Schema, Table, TableKind, UniqueKey};

/// The facts of a schema under its fingerprint.
pub(super) fn facts(fingerprint: &str, schema: &Schema) -> SchemaFacts {
    SchemaFacts {
        fingerprint: fingerprint.to_owned(),
        search_path: schema.search_path.clone(),
        tables: schema.tables.values().map(table).collect(),
    }
}

fn table(table: &Table) -> TableFacts {
    let primary = table.primary_key().and_then(columns);
    TableFacts {
        schema: table.name.schema.clone(),
        name: table.name.name.clone(),
        kind: match table.kind {
            TableKind::Ordinary => TableSort::Ordinary,
            TableKind::Partitioned => TableSort::Partitioned,
            TableKind::Partition => TableSort::Partition,
            TableKind::Foreign => TableSort::Foreign,
            TableKind::View => TableSort::View,
        },
        columns: table.columns.iter().map(column).collect(),
        primary_key: primary.unwrap_or_default(),
        unique_keys: table
            .keys
            .iter()
            .filter(|key| key.predicate.is_none())
            .filter_map(|key| Some(KeyFacts { name: key.name.clone(), columns: columns(key)? }))
            .collect(),
        foreign_keys: table.foreign_keys.iter().map(reference).collect(),
    }
}

fn column(column: &Column) -> ColumnFacts {
    ColumnFacts {
        name: column.name.clone(),
        type_name: column.data_type.sql.clone(),
        nullable: !column.not_null,
        generated: column.generated.is_some(),
        identity: column.identity.map(|identity| match identity {
            Identity::Always => IdentitySort::Always,
            Identity::ByDefault => IdentitySort::ByDefault,
        }),
        default: column.default.is_some()
            || column.identity.is_some()
            || column.generated.is_some()
            || column.data_type.has_default,
    }
}

/// The columns of a key; `None` if an expression is in it.
fn columns(key: &UniqueKey) -> Option<Vec<String>> {
    key.parts.iter().map(|part| part.column.clone()).collect()
}

fn reference(key: &ForeignKey) -> ReferenceFacts {
    ReferenceFacts {
        name: key.name.clone(),
        columns: key.columns.clone(),
        table: key.parent.to_string(),
        references: key.parent_columns.clone(),
    }
}
