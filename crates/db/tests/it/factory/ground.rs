//! A database with a schema, and calls on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_api::plan::{Argument, Call, Diagnosis, Made, Outcome};
use seedbed_db::{FactoryValues, Ran, Runner, Session, Target};
use seedbed_factory::{Factory, Manner};
use seedbed_model::Settings;
use seedbed_values::Locale;

use crate::ground::{database, session};

/// A connection that makes rows.
pub(super) struct Maker {
    pub(super) target: Target,
    pub(super) factory: Arc<Factory>,
    pub(super) runner: Runner<Session>,
}

/// A call: table, and columns as `name=value`.
pub(super) fn call(table: &str, set: &[(&str, &str)]) -> Call {
    let argument = |value: &str| Argument::Same(Some(value.to_owned()));
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), argument(value)));
    Call { table: table.to_owned(), set: set.collect(), ..Call::default() }
}

/// A list, one for each row.
pub(super) fn each(values: &[&str]) -> Argument {
    Argument::Each(values.iter().map(|value| Some((*value).to_owned())).collect())
}

impl Maker {
    /// A new database with this schema.
    pub(super) async fn new(sql: &str) -> Self {
        let target = database();
        session(&target).await.batch(sql).await.unwrap();
        Self::on(target).await
    }

    /// Another connection to a database.
    pub(super) async fn on(target: Target) -> Self {
        let session = session(&target).await;
        let schema = Arc::new(session.schema().await.unwrap());
        let settings = Settings { seed: "test".to_owned(), locale: Locale::EnUs };
        Self {
            target,
            factory: Arc::new(Factory::new(schema, settings)),
            runner: Runner::new(session).logging(),
        }
    }

    /// Another connection with the same compiled calls.
    pub(super) async fn beside(&self) -> Self {
        Self {
            target: self.target.clone(),
            factory: Arc::clone(&self.factory),
            runner: Runner::new(session(&self.target).await),
        }
    }

    pub(super) async fn batch(&self, sql: &str) {
        self.runner.session().batch(sql).await.unwrap();
    }

    /// One value.
    pub(super) async fn value(&self, sql: &str) -> String {
        self.runner.session().value(sql).await.unwrap().unwrap_or_default()
    }

    pub(super) async fn ran(&self, call: &Call, manner: Manner) -> Ran {
        let compiled = self.factory.compile(call).unwrap_or_else(|failure| {
            panic!("{}: {} {:?}", call.table, failure.chain(), failure.hints())
        });
        assert_clean(&compiled.plan);
        let mut values = FactoryValues::new(&self.factory, &self.runner);
        self.runner.run(compiled, manner, &mut values).await.unwrap_or_else(|failure| {
            panic!("{}: {} {:?}", call.table, failure.chain(), failure.hints())
        })
    }

    pub(super) async fn make_in(&self, call: &Call, manner: Manner) -> Vec<Made> {
        match self.ran(call, manner).await {
            Ran::Done(made) => made,
            Ran::Trouble(trouble) => {
                let told = self.factory.diagnose(&trouble).unwrap();
                panic!("{}: {told:?}\n{trouble:?}", call.table)
            }
        }
    }

    /// Makes rows; returns those that were asked for.
    pub(super) async fn make(&self, call: &Call) -> Rows {
        let made = self.make_in(call, Manner::Autocommit).await;
        Rows::of(made, &self.factory.compile(call).unwrap().plan.result)
    }

    /// What is told of a call that cannot be met.
    pub(super) async fn told(&self, call: &Call, manner: Manner) -> Diagnosis {
        match self.ran(call, manner).await {
            Ran::Done(made) => panic!("{}: {made:?}", call.table),
            Ran::Trouble(trouble) => self.factory.diagnose(&trouble).unwrap(),
        }
    }

    /// Why a call is refused before anything is run.
    pub(super) fn refused(&self, call: &Call) -> String {
        let failure = self.factory.compile(call).map(|_| ()).unwrap_err();
        format!("{} {:?}", failure.chain(), failure.hints())
    }
}

/// Rows that were asked for.
pub(super) struct Rows {
    columns: Vec<String>,
    pub(super) rows: Vec<Vec<Option<String>>>,
    pub(super) outcomes: Vec<Outcome>,
}

impl Rows {
    fn of(made: Vec<Made>, result: &str) -> Self {
        let made = made.into_iter().find(|made| made.binding == result).unwrap();
        Self {
            columns: made.columns.iter().map(|column| column.name.clone()).collect(),
            rows: made.rows,
            outcomes: made.outcomes,
        }
    }

    /// The outcome of the only row.
    pub(super) fn outcome(&self) -> Outcome {
        assert_eq!(self.outcomes.len(), 1);
        self.outcomes[0]
    }

    /// A column of a row.
    pub(super) fn get(&self, row: usize, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|name| name == column).unwrap();
        self.rows[row][at].as_deref()
    }
}

/// No statement of a plan may end a transaction, change the schema, move a
/// sequence back, empty a table or switch triggers off.
fn assert_clean(plan: &seedbed_api::plan::Plan) {
    for step in plan.steps.iter().chain(&plan.evidence) {
        let words: Vec<String> = step
            .sql
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .map(str::to_ascii_lowercase)
            .collect();
        for word in ["commit", "rollback", "setval", "truncate", "drop", "session_replication_role"]
        {
            assert!(!words.iter().any(|own| own == word), "{word}: {}", step.sql);
        }
        let first = words.iter().find(|word| !word.is_empty()).map(String::as_str);
        let known = [None, Some("select"), Some("with"), Some("insert"), Some("update")];
        assert!(known.contains(&first), "{}", step.sql);
    }
}

/// Row versions, sequences and statistics of a database: what a hit must leave
/// alone.
pub(super) async fn fingerprint(maker: &Maker) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let tables = maker
        .value(
            "SELECT coalesce(string_agg(format('%I.%I', schemaname, tablename), chr(10)), '') FROM pg_tables \
             WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
        )
        .await;
    for table in tables.lines() {
        let sql = format!(
            "SELECT count(*)::text || ' ' || coalesce(md5(string_agg(xmin::text || ctid::text, \
             ',' ORDER BY tableoid, ctid)), '') FROM {table}"
        );
        found.insert(table.to_owned(), maker.value(&sql).await);
    }
    let sequences = "SELECT coalesce(string_agg(schemaname || '.' || sequencename || ' ' || \
                     coalesce(last_value::text, '-'), ', ' ORDER BY 1), '') FROM pg_sequences";
    let sequences = sequences.replace("ORDER BY 1", "ORDER BY schemaname, sequencename");
    found.insert("sequences".to_owned(), maker.value(&sequences).await);
    found
}
