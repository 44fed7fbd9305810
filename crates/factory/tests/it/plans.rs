//! Every file of `conformance/plans` holds a schema, a call and the plan it
//! compiles to. `UPDATE_VECTORS=1` writes the plans anew; a file that has no
//! schema yet gets it from a real server, by the test of the same name in
//! `crates/db`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use seedbed_api::plan::{Call, Outcome, Parameter, Plan, Target};
use seedbed_factory::Factory;
use seedbed_model::Settings;
use seedbed_schema::Schema;
use seedbed_values::Locale;
use serde_json::{Value, from_value, to_value};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/plans");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20);
    files
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn compiled(file: &Value) -> Arc<Plan> {
    let schema: Schema = from_value(file["schema"].clone()).unwrap();
    let call: Call = from_value(file["call"].clone()).unwrap();
    let settings = Settings { seed: "conformance".to_owned(), locale: Locale::EnUs };
    Factory::new(Arc::new(schema), settings).compile(&call).unwrap().plan
}

#[test]
fn plans_are_as_they_were() {
    for path in files() {
        let mut file = read(&path);
        let plan = to_value(&*compiled(&file)).unwrap();
        if std::env::var_os("UPDATE_VECTORS").is_some() {
            file["plan"] = plan;
            let text = serde_json::to_string_pretty(&file).unwrap();
            std::fs::write(&path, text + "\n").unwrap();
        } else {
            assert_eq!(file["plan"], plan, "{}", path.display());
        }
    }
}

#[test]
fn plans_hold_only_what_belongs_to_the_caller() {
    for path in files() {
        let plan = compiled(&read(&path));
        for step in plan.steps.iter().chain(&plan.evidence) {
            let place = format!("{}: {}", path.display(), step.name);
            let lower = step.sql.to_lowercase();
            let words: Vec<&str> =
                lower.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
            for word in ["commit", "rollback", "setval", "truncate", "drop", "create", "alter"] {
                assert!(!words.contains(&word), "{place}: {word}");
            }
            // Each placeholder has its parameter, and each parameter its place.
            let placeholders =
                (1..).take_while(|at| step.sql.contains(&format!("${at}::text"))).count();
            assert_eq!(placeholders, step.parameters.len(), "{place}: {}", step.sql);
            // Whoever inserts looks again afterwards, or says that it is over.
            let writes = step.outcome.is_some_and(|outcome| outcome != Outcome::Matched);
            assert!(!writes || step.savepoint, "{place}");
            // A row that is there opens no transaction.
            assert!(step.name != format!("{}: look up", step.into) || !writes, "{place}");
            let reads = step.parameters.iter().any(|p| matches!(p, Parameter::Value(..)));
            assert!(!reads || step.on != Target::Differing, "{place}");
        }
    }
}
