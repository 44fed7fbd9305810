//! What a foreign key goes by in a call, as `parents.py` of the Python client
//! has it: its constraint's name, its column's, the same without `_id`, the
//! name of the table it refers to, also in the singular.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_schema::{ForeignKey, Schema, Table, TableName};

/// The tables a name may lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    pub(super) parents: Vec<&'a TableName>,
    /// Whether the parent may be missing.
    pub(super) nullable: bool,
}

/// Every name that leads to parents of a table's rows.
pub(super) fn references<'a>(
    schema: &'a Schema,
    table: &'a Table,
) -> BTreeMap<String, Reference<'a>> {
    let keys: Vec<&ForeignKey> =
        table.foreign_keys.iter().filter(|key| schema.table(&key.parent).is_some()).collect();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for key in &keys {
        names.extend(own_names(key));
        names.extend(parent_names(&key.parent));
    }
    let mut found = BTreeMap::new();
    for name in names {
        if let Some(reference) = lead(table, &keys, &name) {
            found.insert(name, reference);
        }
    }
    // One of several columns, or that no other name leads to, goes by its
    // constraint's.
    for key in &keys {
        let reached = key.columns.len() == 1 && names_of(table, &keys, key).next().is_some();
        if !reached && let Some(reference) = lead(table, &keys, &key.name) {
            found.insert(key.name.clone(), reference);
        }
    }
    found
}

/// The name by which parts of a parent are spoken of: `author` in
/// `author__email`. One for each key that has a name of its own.
pub(super) fn prefixes<'a>(
    schema: &'a Schema,
    table: &'a Table,
) -> BTreeMap<String, &'a TableName> {
    let keys: Vec<&ForeignKey> =
        table.foreign_keys.iter().filter(|key| schema.table(&key.parent).is_some()).collect();
    let prefix = |key: &&'a ForeignKey| {
        let name = names_of(table, &keys, key).next()?;
        Some((name, &key.parent))
    };
    keys.iter().filter_map(prefix).collect()
}

/// Names that mean this key and no other, the most natural first.
fn names_of<'a>(
    table: &'a Table,
    keys: &'a [&'a ForeignKey],
    key: &'a ForeignKey,
) -> impl Iterator<Item = String> + 'a {
    let mut names = own_names(key);
    // Without `_id` before with it.
    let stripped = usize::from(names.len() > 1);
    names.rotate_left(stripped);
    names.extend(parent_names(&key.parent).into_iter().rev());
    names.push(key.name.clone());
    names.into_iter().filter(move |name| {
        let of_another = table.column(name).is_some() && key.columns != [name.as_str()];
        !of_another && matching(keys, name) == [key]
    })
}

/// Where a name leads; `None` if it never says which key is meant.
fn lead<'a>(table: &Table, keys: &[&'a ForeignKey], name: &str) -> Option<Reference<'a>> {
    let matching = matching(keys, name);
    let once =
        |parent: &TableName| matching.iter().filter(|key| key.parent == *parent).count() == 1;
    let parents: Vec<&TableName> =
        matching.iter().map(|key| &key.parent).filter(|parent| once(parent)).collect();
    let nullable = |column: &String| table.column(column).is_some_and(|column| !column.not_null);
    let nullable = match matching[..] {
        [key] => key.columns.iter().all(nullable),
        _ => false,
    };
    (!parents.is_empty()).then_some(Reference { parents, nullable })
}

/// The keys a name may mean, by the most particular kind of name that any of
/// them has.
fn matching<'a>(keys: &[&'a ForeignKey], name: &str) -> Vec<&'a ForeignKey> {
    let is: [&dyn Fn(&ForeignKey) -> bool; 4] = [
        &|key| key.name == name,
        &|key| key.columns == [name],
        &|key| own_names(key).iter().skip(1).any(|own| own == name),
        &|key| parent_names(&key.parent).iter().any(|own| own == name),
    ];
    for is in is {
        let found: Vec<&ForeignKey> = keys.iter().copied().filter(|key| is(key)).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The column, and what it is without `id`.
fn own_names(key: &ForeignKey) -> Vec<String> {
    let [column] = &key.columns[..] else { return Vec::new() };
    let mut names = vec![column.clone()];
    let stripped =
        [column.strip_suffix("_id"), column.strip_suffix("Id"), column.strip_prefix("id_")];
    names.extend(stripped.into_iter().flatten().map(str::to_owned));
    names
}

fn parent_names(parent: &TableName) -> Vec<String> {
    let mut names = vec![parent.name.clone()];
    names.extend(singulars(&parent.name));
    names
}

/// What one of them may be called in English.
fn singulars(plural: &str) -> Vec<String> {
    if plural == "people" {
        return vec!["person".to_owned()];
    }
    let mut found: Vec<String> = Vec::new();
    if let Some(stem) = plural.strip_suffix("ies") {
        found.push(format!("{stem}y"));
    }
    if let Some(stem) = plural.strip_suffix('s').filter(|stem| !stem.ends_with('s')) {
        found.push(stem.to_owned());
    }
    if ["ses", "xes", "zes", "ches", "shes"].iter().any(|end| plural.ends_with(end)) {
        found.extend(plural.strip_suffix("es").map(str::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many() {
        for (plural, expected) in [
            ("categories", &["category", "categorie"][..]),
            ("addresses", &["addresse", "address"]),
            ("people", &["person"]),
            ("users", &["user"]),
            ("class", &[]),
            ("news", &["new"]),
        ] {
            assert_eq!(singulars(plural), expected, "{plural}");
        }
    }
}
