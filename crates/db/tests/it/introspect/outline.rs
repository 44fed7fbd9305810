//! A schema as text that people can read and compare: one line for each thing,
//! with everything in it that is not empty, false or absent.

use std::fmt::Write as _;

use seedbed_schema::Schema;
use serde_json::Value;

/// All of a schema but the server's version.
pub(super) fn outline(schema: &Schema) -> String {
    let mut whole = serde_json::to_value(schema).unwrap();
    let mut text = format!("search path {}\n", whole["search_path"]);
    for (name, table) in whole["tables"].as_object_mut().unwrap() {
        let table = table.as_object_mut().unwrap();
        table.remove("name");
        let lists =
            ["columns", "keys", "checks", "exclusions", "foreign_keys", "triggers", "partitions"];
        let lists = lists.map(|list| (list, table.remove(list).unwrap()));
        let _ = writeln!(text, "\n{name} {}", line(&Value::from(table.clone())));
        for (list, things) in lists {
            for thing in things.as_array().unwrap() {
                let _ = writeln!(text, "  {list} {}", line(thing));
            }
        }
    }
    for (name, named) in whole["types"].as_object().unwrap() {
        let _ = writeln!(text, "\n{name} {}", line(named));
    }
    text
}

fn line(value: &Value) -> String {
    pruned(value).unwrap_or_default().to_string()
}

fn pruned(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            Some(items.iter().map(|item| pruned(item).unwrap_or_default()).collect())
        }
        Value::Object(fields) => {
            let kept = fields.iter();
            Some(kept.filter_map(|(name, value)| Some((name.clone(), pruned(value)?))).collect())
        }
        other => Some(other.clone()),
    }
}
