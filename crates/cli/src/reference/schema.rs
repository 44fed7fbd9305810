//! `seedbed.schema.json`: the JSON schema (draft 7) of `seedbed.toml`, for editors.

use seedbed_engine::config::keys::{KEYS, Key, Shape};
use serde_json::{Map, Value, json};

pub(super) fn page() -> String {
    let mut top = Map::new();
    for key in KEYS {
        let (table, leaf) = key.split();
        match table {
            None => {
                top.insert(leaf.to_owned(), property(key));
            }
            Some(table) => {
                let object = top.entry(table).or_insert_with(
                    || json!({ "type": "object", "additionalProperties": false, "properties": {} }),
                );
                object["properties"][leaf] = property(key);
            }
        }
    }
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "seedbed.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": top,
    });
    format!("{schema:#}\n")
}

fn property(key: &Key) -> Value {
    let mut property = shape(key.shape);
    property["description"] = json!(key.doc);
    if let Some(default) = key.default {
        property["default"] = match key.shape {
            Shape::Bool => json!(default == "true"),
            _ => json!(default),
        };
    }
    property
}

fn shape(shape: Shape) -> Value {
    let texts = json!({ "type": "array", "items": { "type": "string", "minLength": 1 } });
    match shape {
        Shape::Server => json!({
            "type": "string",
            "pattern": "^(auto|local|embedded(@[0-9]+)?|postgres(ql)?://.+)$",
        }),
        Shape::Version => json!({ "enum": versions() }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Text | Shape::Path => json!({ "type": "string", "minLength": 1 }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Workers => json!({ "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": 256 },
            { "type": "string", "pattern": "^(auto|[1-9][0-9]*)$" },
        ] }),
        Shape::Duration => json!({ "type": "string", "pattern": "^([0-9]+[smhd]|never)$" }),
        Shape::Texts | Shape::Globs => texts,
        Shape::Command => json!({ "anyOf": [{ "type": "string", "minLength": 1 }, texts] }),
        Shape::Parameters => json!({
            "type": "object",
            "additionalProperties": { "type": ["string", "number", "boolean"] },
        }),
        Shape::Templates => json!({
            "type": "object",
            "additionalProperties": { "type": "string" },
        }),
    }
}

/// Supported major versions, as text and as numbers.
fn versions() -> Vec<Value> {
    seedbed_engine::config::SUPPORTED_MAJORS
        .flat_map(|version| [json!(version.to_string()), json!(version)])
        .collect()
}
