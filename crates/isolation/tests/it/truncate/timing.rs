//! How long a reset takes; printed, not judged.

use std::time::Instant;

use super::ground::{Lab, reset};

const ROUNDS: usize = 25;

/// Chains of ten tables, each with a key, a unique and two more indexes.
fn schema(tables: usize) -> String {
    format!(
        "DO $$BEGIN FOR i IN 1..{tables} LOOP
           EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, a int, name text, email text UNIQUE, at timestamptz DEFAULT now(), up int %s)',
             i, CASE WHEN i % 10 <> 1 THEN format('REFERENCES t%s', i - 1) END);
           EXECUTE format('CREATE INDEX ON t%s (a)', i); EXECUTE format('CREATE INDEX ON t%s (up)', i);
         END LOOP; END$$"
    )
}

#[tokio::test]
async fn timing() {
    for tables in [30, 400] {
        time(tables).await;
    }
}

async fn time(tables: usize) {
    let lab = Lab::new("app", &schema(tables)).await;
    let mut emptier = lab.open().await;
    let session = lab.session().await;
    let mut told = Vec::new();
    for (dirty, rows) in [(0, 1), (1, 1), (5, 5), (20, 5), (20, 50), (1, 5000)] {
        let program: String = (1..=dirty)
            .map(|i| {
                format!(
                    "INSERT INTO t{i} (a, name) SELECT g, 'name' FROM generate_series(1, {rows}) g;"
                )
            })
            .collect();
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            session.batch(&program).await.unwrap();
            let start = Instant::now();
            assert_eq!(reset(&mut emptier).await.min(dirty), dirty);
            times.push(start.elapsed());
        }
        times.sort();
        let ms = |at: usize| times[at].as_secs_f64() * 1e3;
        told.push(format!("{dirty} × {rows}: {:.2} / {:.2}", ms(0), ms(ROUNDS / 2)));
    }
    // The reader of the test's output is who this is for.
    let report = format!(
        "reset of {tables} tables, best / median ms after tables × rows: {}",
        told.join(", ")
    );
    std::io::Write::write_all(&mut std::io::stdout(), format!("{report}\n").as_bytes()).unwrap();
    lab.check("timing");
}
