//! Golden vectors of version 1, one a line in `vectors/v1.json`. What stands
//! there stands for ever; `UPDATE_VECTORS=1` adds those that are missing and
//! changes none.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use seedbed_values::{
    Cell, ColumnKey, Datum, Generator, Limits, Locale, Numeric, Permutation, Token, Uniqueness,
    philox2x64,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const COLUMN: [&str; 4] = ["seed0", "public", "people", "it"];

pub(crate) fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/v1.json")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn text(number: u64) -> Value {
    Value::String(number.to_string())
}

fn key(column: [&str; 4]) -> ColumnKey {
    let [seed, schema, table, name] = column;
    ColumnKey::new(seed, schema, table, name)
}

/// A datum and how it stands in the file.
fn data() -> Vec<(Datum, Value)> {
    let numeric = |text: &str| {
        let number = Numeric::parse(text).expect("a number");
        (Datum::Numeric(number.clone()), json!(["numeric", number.to_string()]))
    };
    let mut data = vec![
        (Datum::Null, json!(["null"])),
        (Datum::Bool(false), json!(["bool", false])),
        (Datum::Bool(true), json!(["bool", true])),
        numeric("0.000"),
        numeric("-1.50"),
        numeric("1e20"),
        numeric("NaN"),
        (Datum::Bytes(vec![]), json!(["bytes", ""])),
        (Datum::Bytes(vec![0, 255, 4]), json!(["bytes", "00ff04"])),
        (Datum::Timestamp(1_704_067_200_000_001), json!(["timestamp", "1704067200000001"])),
        (Datum::Date(-1), json!(["date", "-1"])),
        (Datum::Time(86_399_999_999), json!(["time", "86399999999"])),
        (Datum::Uuid([0xab; 16]), json!(["uuid", "ab".repeat(16)])),
        (
            Datum::Interval { months: 14, days: -3, micros: 1_500_000 },
            json!(["interval", "14", "-3", "1500000"]),
        ),
        (
            Datum::List(vec![Datum::text("a"), Datum::Null, Datum::List(vec![])]),
            json!(["list", ["text", "a"], ["null"], ["list"]]),
        ),
    ];
    for number in [0, -1, 9_007_199_254_740_993, i128::from(i64::MIN), i128::from(u64::MAX)] {
        data.push((Datum::Integer(number), json!(["integer", number.to_string()])));
    }
    for word in [
        "",
        "alice@example.com",
        "Zo\u{eb}",
        "Zoe\u{308}",
        "\u{212b}ngstr\u{f6}m",
        "佐藤",
        "\u{1f980}",
    ] {
        data.push((Datum::text(word), json!(["text", word])));
    }
    data
}

/// Every vector there should be.
fn vectors() -> Vec<Value> {
    let mut all = Vec::new();
    for (datum, form) in data() {
        let mut bytes = Vec::new();
        datum.encode(&mut bytes);
        all.push(json!({ "of": "tlv", "datum": form, "gives": hex(&bytes) }));
        let ordinal = Cell::keyed(&key(COLUMN), &[datum, Datum::Integer(1)]).ordinal();
        let form = json!([form, ["integer", "1"]]);
        all.push(json!({ "of": "keyed", "column": COLUMN, "key": form, "gives": text(ordinal) }));
    }
    let columns = [
        COLUMN,
        ["", "", "", ""],
        ["42", "public", "users", "email"],
        ["seed0", "publi", "cpeople", "it"],
        ["seed0", "public", "Stra\u{df}e", "Zoe\u{308}"],
    ];
    for column in columns {
        let key = key(column);
        all.push(json!({ "of": "column", "column": column, "gives": hex(key.as_bytes()) }));
        for (row, attempt) in [(0, 0), (1, 0), (u64::MAX, 0), (1, 1), (7, u32::MAX)] {
            let mut stream = Cell::seeded(&key, row).attempt(attempt);
            let draws: Vec<Value> = (0..5).map(|_| text(stream.next_u64())).collect();
            all.push(json!({
                "of": "draws", "column": column, "row": text(row), "attempt": attempt, "gives": draws,
            }));
        }
    }
    let pi = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344];
    for (counter, key) in [([0, 0], 0), ([u64::MAX; 2], u64::MAX), (pi, 0xa409_3822_299f_31d0)] {
        let words = philox2x64(counter, key).map(text);
        let counter = counter.map(text);
        all.push(json!({ "of": "philox", "counter": counter, "key": text(key), "gives": words }));
    }
    // The largest bounds reject nearly half of the draws.
    for n in [1, 2, 3, 10, 1_000, 1 << 32, (1 << 53) + 1, (1 << 63) + 1, u64::MAX] {
        let mut stream = Cell::seeded(&key(COLUMN), 3).stream();
        let values: Vec<Value> = (0..8).map(|_| text(stream.below(n))).collect();
        all.push(
            json!({ "of": "below", "column": COLUMN, "row": "3", "n": text(n), "gives": values }),
        );
    }
    for n in [1, 2, 3, 10, 64, 65, 1_000_000, 1 << 40, Permutation::MAX] {
        let permutation = Permutation::new(&key(COLUMN), n);
        let positions: Vec<u64> = [0, 1, n / 2, n - 1].into_iter().filter(|at| *at < n).collect();
        let values: Vec<Value> =
            positions.iter().map(|at| text(permutation.at(*at).expect("inside"))).collect();
        let positions: Vec<Value> = positions.into_iter().map(text).collect();
        all.push(json!({
            "of": "permutation", "column": COLUMN, "n": text(n), "at": positions, "gives": values,
        }));
    }
    all.extend(generated());
    all.push(json!({ "of": "data", "gives": data_hash() }));
    all
}

/// SHA-256 of the lines `path sha256` of the manifest: the data itself. Where
/// it came from may be told better later.
fn data_hash() -> String {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/v1/manifest.toml");
    let manifest: toml::Table =
        fs::read_to_string(manifest).expect("the manifest").parse().expect("TOML");
    let mut lines: Vec<String> = manifest["file"]
        .as_array()
        .expect("a list of files")
        .iter()
        .map(|file| {
            let text = |key: &str| file[key].as_str().expect("a text").to_owned();
            format!("{} {}\n", text("path"), text("sha256"))
        })
        .collect();
    lines.sort();
    hex(&Sha256::digest(lines.concat()))
}

/// Every generator in English and in one other locale, by turns; an IBAN in
/// each, as its check digits are the country's.
fn generated() -> Vec<Value> {
    let mut all = Vec::new();
    for (index, generator) in Generator::ALL.iter().enumerate() {
        let locales = match generator {
            Generator::Iban => Locale::ALL.to_vec(),
            _ => vec![Locale::EnUs, Locale::ALL[1 + index % 9]],
        };
        for locale in locales {
            let cell = Cell::seeded(&key(COLUMN), 5);
            let (mut plain, mut unique) = (String::new(), String::new());
            generator
                .write(&mut cell.stream(), locale, &Limits::NONE, &mut plain)
                .expect("no limit");
            all.push(json!({
                "of": "value", "column": COLUMN, "row": "5", "locale": locale.word(),
                "generator": generator.word(), "gives": plain,
            }));
            if generator.uniqueness() == Uniqueness::Token && locale != Locale::EnUs {
                let (token, limits) = (Token::new(1_000_000), Limits::chars(24));
                generator
                    .write_unique(&mut cell.stream(), &token, locale, &limits, &mut unique)
                    .expect("24 characters are enough");
                all.push(json!({
                    "of": "value", "column": COLUMN, "row": "5", "locale": locale.word(),
                    "generator": generator.word(), "token": token.as_str(), "max_chars": 24,
                    "gives": unique,
                }));
            }
        }
    }
    all
}

/// The question without its answer.
fn question(vector: &Value) -> String {
    let mut question = vector.clone();
    question.as_object_mut().expect("a vector is an object").remove("gives");
    question.to_string()
}

#[test]
fn version_1_gives_what_it_always_gave() {
    let made = vectors();
    let text = fs::read_to_string(file()).unwrap_or_else(|_| "[]".to_owned());
    let mut frozen: Vec<Value> = serde_json::from_str(&text).unwrap();
    let answers: BTreeMap<String, &Value> =
        made.iter().map(|vector| (question(vector), &vector["gives"])).collect();
    assert_eq!(answers.len(), made.len(), "a question twice");
    for vector in &frozen {
        let question = question(vector);
        let answer =
            answers.get(&question).unwrap_or_else(|| panic!("no longer asked: {question}"));
        assert_eq!(**answer, vector["gives"], "{question}");
    }
    let known: Vec<String> = frozen.iter().map(question).collect();
    let missing: Vec<Value> =
        made.iter().filter(|vector| !known.contains(&question(vector))).cloned().collect();
    if missing.is_empty() {
        return;
    }
    assert!(
        env::var_os("UPDATE_VECTORS").is_some(),
        "{} vectors are missing: run this test with UPDATE_VECTORS=1",
        missing.len()
    );
    frozen.extend(missing);
    let lines: Vec<String> = frozen.iter().map(Value::to_string).collect();
    fs::write(file(), format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
}
