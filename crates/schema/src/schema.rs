//! A whole database.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Lookup, NamedType, Table, TableName, near};

/// What a database looks like. Everything is sorted by name, so that two
/// databases of the same schema give the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Major version of the server.
    pub server: u16,
    /// The connected role, whose rights the tables tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The search path's schemas, in order; a name without a schema means the
    /// first of them that has it.
    pub search_path: Vec<String>,
    /// By name.
    pub tables: BTreeMap<String, Table>,
    /// Enums, domains and composites by `schema.name`.
    pub types: BTreeMap<String, NamedType>,
    /// What looks like a table and takes no rows, by `schema.name`: what it is,
    /// with its article.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, String>,
}

impl Schema {
    /// The key under which a table or type stands in the maps.
    #[must_use]
    pub fn entry(name: &TableName) -> String {
        format!("{}.{}", name.schema, name.name)
    }

    /// A table by its full name.
    #[must_use]
    pub fn table(&self, name: &TableName) -> Option<&Table> {
        self.tables.get(&Self::entry(name))
    }

    /// A type by its full name.
    #[must_use]
    pub fn named_type(&self, name: &TableName) -> Option<&NamedType> {
        self.types.get(&Self::entry(name))
    }

    /// What a name is that is no table's: `a materialized view`.
    #[must_use]
    pub fn other(&self, wanted: &str) -> Option<&str> {
        let is = |name: &str| {
            let bare = name.split_once('.').map_or(name, |(_, bare)| bare);
            name.eq_ignore_ascii_case(wanted) || bare.eq_ignore_ascii_case(wanted)
        };
        if let Some((_, what)) = self.others.iter().find(|(name, _)| is(name)) {
            return Some(what);
        }
        let own = ["pg_", "pg_catalog.", "information_schema."];
        let lower = wanted.to_ascii_lowercase();
        own.iter().any(|prefix| lower.starts_with(prefix)).then_some("one of the server's own")
    }

    /// The table a person means by `users` or `sales.users`. Case decides only
    /// where it must; a table of the search path comes before others.
    #[must_use]
    pub fn find(&self, wanted: &str) -> Lookup<&Table> {
        let is = |table: &Table, exact: bool| {
            let name = &table.name;
            let same = |a: &str, b: &str| if exact { a == b } else { a.eq_ignore_ascii_case(b) };
            same(&name.name, wanted) || same(&format!("{}.{}", name.schema, name.name), wanted)
        };
        for exact in [true, false] {
            let found: Vec<&Table> =
                self.tables.values().filter(|table| is(table, exact)).collect();
            let first = self
                .search_path
                .iter()
                .find_map(|schema| found.iter().find(|table| table.name.schema == *schema));
            // Two that differ in case are neither's, also within one schema.
            let alike = |one: &Table| {
                let same = |table: &&&Table| {
                    table.name.schema == one.name.schema && table.name.name != one.name.name
                };
                !exact && found.iter().any(|table| same(&table))
            };
            match (found.as_slice(), first) {
                ([one], _) => return Lookup::Found(one),
                ([], _) => {}
                (several, Some(one)) if alike(one) => return Lookup::Ambiguous(several.to_vec()),
                (_, Some(one)) => return Lookup::Found(one),
                (several, None) => return Lookup::Ambiguous(several.to_vec()),
            }
        }
        let names: Vec<String> = self.tables.values().map(|table| table.name.to_string()).collect();
        Lookup::Unknown(near(wanted, names.iter().map(String::as_str)))
    }
}
