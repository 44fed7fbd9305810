//! Schemas of the conformance kit: `UPDATE_VECTORS=1` reads from a server what a
//! file's `ddl` makes. Without, the plans of all files are run: what the kit
//! promises is what a server does.

use std::path::Path;

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;
use serde_json::{Value, from_value, to_value};

use super::ground::Maker;

#[tokio::test]
async fn plans_of_the_kit_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/plans");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut file: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let ddl = file["ddl"].as_str().unwrap();
        let probe = Maker::new("").await;
        let version = probe.runner.session().server_version();
        if ddl.contains("NULLS NOT DISTINCT") && version.0 < 15 {
            continue;
        }
        let maker = Maker::new(ddl).await;
        if std::env::var_os("UPDATE_VECTORS").is_some() {
            file["schema"] = to_value(&**maker.factory.schema()).unwrap();
            let text = serde_json::to_string_pretty(&file).unwrap();
            std::fs::write(&path, text + "\n").unwrap();
        }
        let call: Call = from_value(file["call"].clone()).unwrap();
        if call.set.contains_key("author") {
            maker
                .batch("INSERT INTO users OVERRIDING SYSTEM VALUE VALUES (9007199254740993, 'x')")
                .await;
        }
        if call.set.contains_key("tenant") {
            maker.batch("INSERT INTO tenants VALUES (70, 'seventy')").await;
        }
        for manner in [Manner::Autocommit, Manner::InTransaction] {
            if manner == Manner::InTransaction {
                maker.batch("BEGIN").await;
            }
            let made = maker.make_in(&call, manner).await;
            let again = call.fresh || manner == Manner::Autocommit;
            for made in made.iter().filter(|made| made.binding == call.table) {
                let expected = if again { Outcome::Created } else { Outcome::Matched };
                assert!(made.outcomes.iter().all(|own| *own == expected), "{}", path.display());
            }
        }
        maker.batch("COMMIT").await;
    }
}
