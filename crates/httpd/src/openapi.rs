//! The OpenAPI 3.1 document, from the table of routes and the types of the
//! protocol. It is the same text wherever it is generated: objects are sorted
//! by name.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use seedbed_api::lease::ProblemCode;
use serde_json::{Map, Value, json};

use crate::reply::ProblemReply;
use crate::route::{ALWAYS, ROUTES, Route};

/// Where the document keeps its schemas.
const SCHEMAS: &str = "/components/schemas";

/// The OpenAPI document of the lease service.
#[must_use]
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = SCHEMAS.into();
        settings.meta_schema = None;
    });
    // What a request may leave out, an answer may always hold.
    let mut requests = settings.clone().for_deserialize().into_generator();
    let mut answers = settings.for_serialize().into_generator();
    let mut paths = Map::new();
    for route in ROUTES {
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        item[route.method.to_ascii_lowercase()] = operation(route, &mut requests, &mut answers);
    }
    let mut schemas = answers.take_definitions(true);
    schemas.append(&mut requests.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Seedbed lease service",
            "version": "1",
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{
            "url": "http://127.0.0.1:{port}",
            "description": "The same service listens on a unix socket, with `Host: seedbed`.",
            "variables": { "port": { "default": "4711", "description": "As given by SEEDBED_API" } },
        }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

/// What every client must know and no schema says.
const DESCRIPTION: &str = "\
A lease is a worker's exclusive hold on a database. Every request carries the token, on the unix \
socket too. A connection is a holder: keep it open as long as its leases; they end with it, and on \
a unix socket with the process that connected. A connection whose sending side is closed counts \
as ended. An empty body is a request with every field left out. A reply that is no answer holds a \
problem under `error`, whose `code` never changes its meaning; bytes that are no HTTP get a bare \
400, a head of more than 16 KiB a bare 431. There are no CORS headers, and requests with an Origin \
header are refused.";

fn operation(
    route: &Route,
    requests: &mut SchemaGenerator,
    answers: &mut SchemaGenerator,
) -> Value {
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "responses": responses(route, answers),
    });
    let in_query = route.names_lease_in_query();
    if in_query || route.path.contains("{lease}") {
        operation["parameters"] = json!([{
            "name": "lease",
            "in": if in_query { "query" } else { "path" },
            "required": true,
            "description": "Identity of a lease, such as `3.17`, or the number of its slot.",
            "schema": { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$" },
        }]);
    }
    if let Some(schema) = route.request {
        operation["requestBody"] = json!({
            "required": false,
            "content": { "application/json": { "schema": schema(requests) } },
        });
    }
    operation
}

fn responses(route: &Route, answers: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    responses.insert(
        "200".to_owned(),
        json!({
            "description": route.summary,
            "content": { "application/json": { "schema": (route.response)(answers) } },
        }),
    );
    let mut by_status: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for code in ALWAYS.iter().chain(route.problems) {
        by_status.entry(code.status()).or_default().push(format!("`{}`", word(*code)));
    }
    for (status, words) in by_status {
        responses.insert(
            status.to_string(),
            json!({
                "description": words.join(", "),
                "content": { "application/json": {
                    "schema": answers.subschema_for::<ProblemReply>(),
                } },
            }),
        );
    }
    Value::Object(responses)
}

/// A code as it stands in JSON.
fn word(code: ProblemCode) -> String {
    match serde_json::to_value(code) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every value under a key of this name, anywhere in the document.
    fn under<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get(key));
                object.values().for_each(|value| under(value, key, found));
            }
            Value::Array(values) => values.iter().for_each(|value| under(value, key, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let document = openapi();
        let mut references = Vec::new();
        under(&document, "$ref", &mut references);
        let used: BTreeSet<&str> = references.iter().map(|found| found.as_str().unwrap()).collect();
        for reference in &used {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some_and(Value::is_object), "{reference}");
        }
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for name in schemas.keys() {
            assert!(used.contains(format!("#{SCHEMAS}/{name}").as_str()), "{name} is not used");
        }
        assert!(schemas.len() >= 18, "{schemas:?}");
    }

    #[test]
    fn every_route_is_there_with_every_problem() {
        let document = openapi();
        let mut operations = 0;
        for path in document["paths"].as_object().unwrap().values() {
            operations += path.as_object().unwrap().len();
        }
        assert_eq!(operations, ROUTES.len());
        for route in ROUTES {
            let operation = &document["paths"][route.path][route.method.to_ascii_lowercase()];
            assert_eq!(operation["operationId"], route.id);
            assert_eq!(operation["requestBody"].is_object(), route.request.is_some());
            let names = route.names_lease_in_query() || route.path.contains("{lease}");
            assert_eq!(operation["parameters"].is_array(), names);
            for code in ALWAYS.iter().chain(route.problems) {
                let response = &operation["responses"][code.status().to_string()];
                let description = response["description"].as_str().unwrap();
                assert!(description.contains(&format!("`{}`", word(*code))), "{}", route.id);
            }
        }
    }

    #[test]
    fn every_code_of_the_protocol_can_happen_somewhere() {
        let document = openapi();
        let known: BTreeSet<&str> = document["components"]["schemas"]["ProblemCode"]["oneOf"]
            .as_array()
            .unwrap()
            .iter()
            .map(|variant| variant["const"].as_str().unwrap())
            .collect();
        let told: BTreeSet<String> = ROUTES
            .iter()
            .flat_map(|route| route.problems)
            .chain(ALWAYS)
            .map(|code| word(*code))
            .collect();
        assert_eq!(known, told.iter().map(String::as_str).collect());
    }

    #[test]
    fn a_schema_means_the_same_to_both_sides() {
        let document = openapi();
        let acquire = &document["components"]["schemas"]["Acquire"];
        assert_eq!(acquire["additionalProperties"], false);
        assert!(acquire.get("required").is_none(), "an empty request is a request");
        let lease = &document["components"]["schemas"]["Lease"];
        let required = lease["required"].as_array().unwrap();
        assert!(required.contains(&json!("url")) && !required.contains(&json!("socket_url")));
        // What both requests and answers hold stands there once: it must be
        // the same to both.
        let settings = SchemaSettings::draft2020_12();
        let mut requests = settings.clone().for_deserialize().into_generator();
        let mut answers = settings.for_serialize().into_generator();
        for route in ROUTES {
            route.request.map(|schema| schema(&mut requests));
            (route.response)(&mut answers);
        }
        for (name, asked) in requests.definitions() {
            let told = answers.definitions().get(name);
            assert!(told.is_none_or(|told| told == asked), "{name}");
        }
    }

    #[test]
    fn the_text_is_the_same_each_time() {
        assert_eq!(openapi().to_string(), openapi().to_string());
    }
}
