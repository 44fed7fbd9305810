//! A call that was compiled before is not read again. Nothing of that shows: a
//! factory that has seen calls says of each what one that has seen none says.

use std::path::Path;
use std::sync::Arc;

use seedbed_api::plan::{Argument, Call};
use seedbed_factory::Factory;
use seedbed_model::Settings;
use seedbed_schema::Schema;
use seedbed_values::Locale;
use serde_json::{Value, from_value};

fn file(name: &str) -> (Arc<Schema>, Call) {
    let path = format!("../../conformance/plans/{name}.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let schema: Schema = from_value(file["schema"].clone()).unwrap();
    (Arc::new(schema), from_value(file["call"].clone()).unwrap())
}

fn factory(schema: &Arc<Schema>) -> Factory {
    let settings = Settings { seed: "conformance".to_owned(), locale: Locale::EnUs };
    Factory::new(Arc::clone(schema), settings)
}

fn set(call: &Call, column: &str, value: Option<&str>) -> Call {
    let mut call = call.clone();
    call.set.insert(column.to_owned(), Argument::Same(value.map(str::to_owned)));
    call
}

/// What each call compiles to, one factory having seen all before it.
fn agree(schema: &Arc<Schema>, calls: &[Call]) {
    let known = factory(schema);
    for (at, call) in calls.iter().chain(calls).enumerate() {
        let (old, new) = (known.compile(call), factory(schema).compile(call));
        match (old, new) {
            (Ok(old), Ok(new)) => {
                assert_eq!(old.plan, new.plan, "{at}");
                assert_eq!(old.arguments, new.arguments, "{at}");
                assert_eq!(old.count, new.count, "{at}");
            }
            (old, new) => {
                assert_eq!(old.unwrap_err().chain(), new.unwrap_err().chain(), "{at}");
            }
        }
    }
}

#[test]
fn values_that_decide_are_looked_at_each_time() {
    let (schema, call) = file("partial");
    let [human, bot] = ["human", "bot"].map(|kind| set(&call, "kind", Some(kind)));
    let shapes = [&human, &bot].map(|call| factory(&schema).compile(call).unwrap().plan);
    assert_ne!(shapes[0].shape, shapes[1].shape);
    agree(&schema, &[human.clone(), bot, human, set(&call, "kind", None)]);
}

#[test]
fn other_values_are_other_arguments_of_the_same_plan() {
    let (schema, call) = file("children");
    let mut calls = Vec::new();
    for (email, slug, count) in [("a", "x", 1), ("b", "y", 2), ("c", "z", 1)] {
        let mut call = Call { count: None, ..set(&call, "email", Some(email)) };
        call.with[0] = Call { count: Some(count), ..set(&call.with[0], "slug", Some(slug)) };
        calls.push(call);
    }
    calls.push(set(&calls[0], "nothing", Some("x")));
    agree(&schema, &calls);
}

#[test]
fn a_call_read_long_ago_is_still_understood() {
    let (schema, call) = file("one");
    let factory = factory(&schema);
    let first = factory.compile(&call).unwrap();
    // More shapes than are kept, and more forms.
    for number in 0..1_100 {
        let scope = Some(number.to_string());
        factory.compile(&Call { scope, ..call.clone() }).unwrap();
        factory.compile(&call).unwrap();
    }
    let again = factory.compile(&call).unwrap();
    assert_eq!(again.plan, first.plan);
    let request = seedbed_api::plan::ValuesRequest {
        shape: again.plan.shape.clone(),
        arguments: again.arguments,
        count: again.count,
        ..Default::default()
    };
    assert!(factory.values(&request).is_ok());
}
