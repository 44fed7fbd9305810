//! The classes of one table: its row, what its calls take, its builders.

use std::collections::BTreeMap;

use seedbed_schema::{Schema, Table, TableName};

use super::annotation::{ANYTHING, Annotation};
use super::identifier::{is_identifier, literal};
use super::reference::{prefixes, references};
use super::stub::means;

/// Names of classes by table.
pub(super) type Names<'a> = BTreeMap<&'a TableName, String>;

/// What a row has besides its columns: a column of that name stands in its
/// place.
const OF_ROW: [&str; 8] = ["table", "outcome", "kept", "text", "related", "values", "items", "get"];
/// These never give way to a column.
const NEVER: [&str; 7] = ["keys", "_place", "_made", "_layout", "_texts", "_outcome", "_kept"];

/// Writes a table's classes.
pub(super) fn write(text: &mut String, schema: &Schema, table: &Table, names: &Names<'_>) {
    let class = &names[&table.name];
    write_row(text, schema, table, class);
    let taken = Taken::of(schema, table, names);
    taken.write(text, class);
    let children = children(schema, table, names);
    write_entries(text, &format!("_{class}Children"), children.iter());
    write_builders(text, table, class);
}

fn write_row(text: &mut String, schema: &Schema, table: &Table, class: &str) {
    text.push_str(&format!("\nclass {class}Row(_RowOfTable):\n"));
    let before = text.len();
    for column in &table.columns {
        let name = column.name.as_str();
        if !is_identifier(name) || NEVER.contains(&name) {
            continue;
        }
        if OF_ROW.contains(&name) {
            text.push_str(&format!("    {name}: _Any\n"));
            continue;
        }
        let given = Annotation::of(schema, column).given;
        let given = or_none(given, !column.not_null);
        text.push_str(&format!("    @_property\n    def {name}(self) -> {given}: ...\n"));
    }
    if text.len() == before {
        text.push_str("    ...\n");
    }
}

fn or_none(taken: String, nullable: bool) -> String {
    if nullable && taken != ANYTHING { format!("{taken} | None") } else { taken }
}

/// What a call takes, by name, in the order in which it is written.
struct Taken {
    /// For one row.
    one: Vec<(String, String)>,
    /// For each of several.
    each: Vec<(String, String)>,
}

impl Taken {
    fn of(schema: &Schema, table: &Table, names: &Names<'_>) -> Self {
        let mut references = references(schema, table);
        references.retain(|name, _| is_identifier(name));
        // The builder of a parent, or its row.
        let parents = |name: &str| -> Vec<String> {
            let found = references.get(name).into_iter().flat_map(|found| &found.parents);
            found
                .filter_map(|parent| names.get(parent))
                .map(|class| format!("{class}Row | _{class}Builder"))
                .collect()
        };
        let (mut one, mut each) = (Vec::new(), Vec::new());
        for column in table.columns.iter().filter(|column| column.generated.is_none()) {
            let name = &column.name;
            if !is_argument(name) {
                continue;
            }
            let taken = Annotation::of(schema, column).taken;
            let nullable = !column.not_null;
            let parents = parents(name);
            let with = |taken: &str| {
                let all = std::iter::once(taken).chain(parents.iter().map(String::as_str));
                or_none(all.collect::<Vec<_>>().join(" | "), nullable)
            };
            one.push((name.clone(), with(&taken)));
            // The method's own.
            if name != "count" {
                let several = format!("_Sequence[{}]", or_none(taken.clone(), nullable));
                let taken = if taken == ANYTHING { taken } else { format!("{taken} | {several}") };
                each.push((name.clone(), with(&taken)));
            }
        }
        let others =
            references.iter().filter(|(name, _)| table.column(name).is_none() && is_argument(name));
        for (name, reference) in others {
            let taken = parents(name).join(" | ");
            if !taken.is_empty() {
                let entry = (name.clone(), or_none(taken, reference.nullable));
                if name != "count" {
                    each.push(entry.clone());
                }
                one.push(entry);
            }
        }
        for (name, parent) in prefixes(schema, table) {
            let columns = schema.table(parent).map_or(&[][..], |parent| &parent.columns[..]);
            for column in columns.iter().filter(|column| column.generated.is_none()) {
                let joined = format!("{name}__{}", column.name);
                if is_identifier(&joined) && table.column(&joined).is_none() {
                    let taken = Annotation::of(schema, column).taken;
                    let entry = (joined, or_none(taken, !column.not_null));
                    one.push(entry.clone());
                    each.push(entry);
                }
            }
        }
        Self { one, each }
    }

    fn write(&self, text: &mut String, class: &str) {
        for (suffix, entries) in [("Columns", &self.one), ("Lists", &self.each)] {
            let entries = entries.iter().map(|(name, taken)| (name, taken));
            write_entries(text, &format!("_{class}{suffix}"), entries);
        }
    }
}

/// Whether a call can name it.
fn is_argument(name: &str) -> bool {
    is_identifier(name) && name != "self"
}

/// Tables whose rows can come with a row: those that refer to it.
fn children(schema: &Schema, table: &Table, names: &Names<'_>) -> BTreeMap<String, String> {
    let refers = |child: &&Table| child.foreign_keys.iter().any(|key| key.parent == table.name);
    let mut found = BTreeMap::new();
    for child in schema.tables.values().filter(refers) {
        let name = &child.name.name;
        let Some(class) = names.get(&child.name) else { continue };
        if is_argument(name) && means(schema, name, &child.name) {
            let taken = format!("_int | _{class}Builder | _Sequence[_{class}Builder]");
            found.insert(name.clone(), taken);
        }
    }
    found
}

fn write_entries<'a>(
    text: &mut String,
    class: &str,
    entries: impl Iterator<Item = (&'a String, &'a String)>,
) {
    text.push_str(&format!("\nclass {class}(_TypedDict, total=False):\n"));
    let before = text.len();
    for (name, taken) in entries {
        text.push_str(&format!("    {name}: {taken}\n"));
    }
    if text.len() == before {
        text.push_str("    ...\n");
    }
}

fn write_builders(text: &mut String, table: &Table, class: &str) {
    let columns: Vec<String> = table.columns.iter().map(|column| literal(&column.name)).collect();
    let columns = if columns.is_empty() {
        "_str".to_owned()
    } else {
        format!("_Literal[{}]", columns.join(", "))
    };
    text.push_str(&format!(
        "
class _{class}Builder:
    @_property
    def table(self) -> _str: ...
    def build(self, **columns: _Unpack[_{class}Columns]) -> {class}Row: ...
    def set(self, **columns: _Unpack[_{class}Columns]) -> _Self: ...
    def with_(self, **children: _Unpack[_{class}Children]) -> _Self: ...
    def times(self, count: _int) -> _Self: ...
    def key(self, *columns: {columns}) -> _Self: ...
    def policy(self, policy: _Literal[\"converge\", \"keep\", \"strict\"]) -> _Self: ...
    def scope(self, scope: _str) -> _Self: ...
"
    ));
    let row = format!("{class}Row");
    let rows = format!("_list[{row}]");
    for (name, row, rows) in [
        (class.to_owned(), row.clone(), rows.clone()),
        (format!("Async{class}"), format!("_Awaitable[{row}]"), format!("_Awaitable[{rows}]")),
    ] {
        text.push_str(&format!(
            "
class {name}(_{class}Builder):
    def __call__(self, **columns: _Unpack[_{class}Columns]) -> {row}: ...
    def list(self, count: _int, **columns: _Unpack[_{class}Lists]) -> {rows}: ...
    def fresh(self, **columns: _Unpack[_{class}Columns]) -> {row}: ...
    def fresh_list(self, count: _int, **columns: _Unpack[_{class}Lists]) -> {rows}: ...
"
        ));
    }
}
