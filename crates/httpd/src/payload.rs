//! The body of a request, from JSON.
//!
//! *Invariant*: a refusal names the line, the column and the field, and never
//! repeats a value: it may be a password that went to the wrong place.

use seedbed_api::lease::ProblemCode;
use seedbed_api::{Failure, Result};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Map, Value};

/// Reads what a route takes. An empty body is the default request.
pub(crate) fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T> {
    match body.trim_ascii_start().first() {
        None => Ok(T::default()),
        // serde would take `["run/3"]` for a struct as well.
        Some(b'{') => serde_json::from_slice(body).map_err(|error| refusal::<T>(body, &error)),
        Some(_) => Err(bad("the body is no JSON object".to_owned())),
    }
}

/// For routes that take nothing: `{}` is nothing too, as some clients always
/// send an object.
pub(crate) fn nothing(body: &[u8]) -> Result<()> {
    match body.trim_ascii() {
        b"" | b"{}" => Ok(()),
        _ => Err(bad("this route takes no body".to_owned())),
    }
}

fn bad(message: String) -> Failure {
    ProblemCode::BadRequest.failure(message)
}

/// What is wrong, in words that hold nothing of the body but a name of a field.
fn refusal<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> Failure {
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        // serde_json's own words for broken syntax name no value.
        Category::Syntax | Category::Eof => {
            bad(format!("the body is not the JSON it should be: {error}"))
        }
        Category::Io => bad(format!("the body cannot be read at {place}")),
        Category::Data => {
            let (field, why) = culprit::<T>(body, error);
            bad(format!("field `{field}` at {place}: {why}"))
        }
    }
}

/// The field that cannot be read, and why: each is tried alone, which works
/// because every field of every request has a default.
fn culprit<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> (String, String) {
    let object: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    for (name, value) in object {
        let alone = Value::Object(Map::from_iter([(name.clone(), value)]));
        if let Err(error) = serde_json::from_value::<T>(alone) {
            return (shown(&name), reason(&error.to_string()));
        }
    }
    // Every field is right alone, so one is there twice; serde names it.
    let text = error.to_string();
    let name = text.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next());
    (shown(name.unwrap_or("?")), "it is there twice".to_owned())
}

/// serde's words without the value: what was expected stands behind the last
/// `, expected `, and is the program's own text.
fn reason(text: &str) -> String {
    // The name is one of ours: serde knows it from the type.
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    if let Some(name) = missing {
        return format!("`{name}` is missing in it");
    }
    let expected = text.rsplit_once(", expected ").map(|(_, expected)| expected);
    match (text.starts_with("unknown field "), expected) {
        (true, Some(expected)) => {
            format!("there is no such field, only {}", expected.trim_start_matches("one of "))
        }
        (true, None) => "there is no such field".to_owned(),
        (false, Some(expected)) => format!("expected {expected}"),
        (false, None) => "it cannot be read".to_owned(),
    }
}

/// A name a client gave to a field, short and without control characters.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use seedbed_api::lease::{Acquire, Keep, LaneChoice, Rewind};
    use seedbed_api::plan::PlanRequest;

    use super::*;

    #[test]
    fn empty_is_the_default_and_fields_are_read() {
        for body in ["", " \n", "{}"] {
            assert_eq!(read::<Acquire>(body.as_bytes()).unwrap(), Acquire::default());
        }
        let read = read::<Acquire>(br#" {"slot":"run/3","lane":"clone","wait_ms":5}"#).unwrap();
        assert_eq!(read.slot.as_deref(), Some("run/3"));
        assert_eq!((read.lane, read.wait_ms), (LaneChoice::Clone, Some(5)));
        assert!(nothing(b"").is_ok() && nothing(b" {} \n").is_ok() && nothing(b"[]").is_err());
    }

    #[test]
    fn refusals_of_what_is_inside_name_what_is_missing_or_strange() {
        for (body, message) in [
            (r#"{"call": {}}"#, "field `call` at line 1, column 11: `table` is missing in it"),
            (
                r#"{"call": {"table": "t", "sett": {"a": "hunter2"}}}"#,
                "there is no such field, only `table`, `set`, `count`, `with`, `key`, `policy`",
            ),
            (
                r#"{"call": {"table": "t", "set": {"a": 7}}}"#,
                "field `call` at line 1, column 39: expected a text in the server's input syntax (\"5\"), \
                 null or a list of these",
            ),
        ] {
            let failure = read::<PlanRequest>(body.as_bytes()).unwrap_err();
            assert!(failure.chain().contains(message), "{}", failure.chain());
            assert!(!failure.chain().contains("hunter2"));
        }
    }

    #[test]
    fn refusals_name_the_place_and_never_the_value() {
        for (body, message) in [
            (r#"{"wait_ms": "hunter2"}"#, "field `wait_ms` at line 1, column 21: expected u64"),
            (
                "{\"slot\": \"run/1\",\n \"lane\": \"hunter2, expected x\"}",
                "field `lane` at line 2, column 30: expected one of `auto`, `rewind`, `clone`, \
                 `truncate`, `rollback`",
            ),
            (r#"{"connections": -7}"#, "field `connections` at line 1, column 18: expected u32"),
            (r#"{"slot": {"hunter2": 1}}"#, "field `slot` at line 1, column 9: expected a string"),
            (
                r#"{"lane": null}"#,
                "the body is not the JSON it should be: expected value at line 1",
            ),
            (r#"{"slot":"a","slot":"b"}"#, "field `slot` at line 1, column 18: it is there twice"),
            (
                r#"{"slot":}"#,
                "the body is not the JSON it should be: expected value at line 1 column 9",
            ),
            (
                r#"{"slot":"hunter2"#,
                "the body is not the JSON it should be: EOF while parsing a string",
            ),
            (
                r#"{} {"#,
                "the body is not the JSON it should be: trailing characters at line 1 column 4",
            ),
            (r#"["hunter2"]"#, "the body is no JSON object"),
            ("\"hunter2\"", "the body is no JSON object"),
        ] {
            let failure = read::<Acquire>(body.as_bytes()).unwrap_err();
            assert_eq!(failure.code(), Some(ProblemCode::BadRequest));
            let chain = failure.chain();
            assert!(chain.starts_with(message), "{body}: {chain}");
            assert!(!chain.contains("hunter2"), "{chain}");
        }
        let failure = read::<Keep>(br#"{"tset": "hunter2"}"#).unwrap_err();
        assert_eq!(
            failure.chain(),
            "field `tset` at line 1, column 7: there is no such field, only `test`"
        );
        let failure = read::<Rewind>(br#"{"all": "hunter2"}"#).unwrap_err();
        assert!(failure.chain().ends_with("no such field, only `mark`, `test`, `keep`"));
        assert!(read::<Acquire>(b"{\"slot\": \"\xff\"}").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read::<Acquire>(&body);
        }

        #[test]
        fn no_value_is_repeated(field in "slot|lane|wait_ms|holder|other", value in "zq[a-z`, ]{6,20}") {
            let body = serde_json::json!({ field: [&value] }).to_string();
            let failure = read::<Acquire>(body.as_bytes()).unwrap_err();
            prop_assert!(!failure.chain().contains(&value), "{}", failure.chain());
        }
    }
}
