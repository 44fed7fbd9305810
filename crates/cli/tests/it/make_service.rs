//! Factories over HTTP: plans, values, diagnoses, and rows made from outside.

use seedbed_api::Secret;
use seedbed_api::lease::ProblemCode;
use seedbed_api::plan::{
    Argument, Call, MakeRequest, Outcome, PlanRequest, RunTrouble, RunValues, Trouble,
    ValuesRequest,
};
use seedbed_httpd::{Address, Client};

use crate::make::SCHEMA;
use crate::patience::content;
use crate::project::Project;
use crate::running::Running;

/// A run with two slots that goes on, and its service.
struct Scene {
    project: Project,
    run: Option<Running>,
}

impl Scene {
    fn new() -> Self {
        let project = Project::with(&[("migrations/1_shop.sql", SCHEMA)]);
        let script = "echo \"$SEEDBED_API_SOCKET $SEEDBED_TOKEN $SEEDBED_URL_1\" > service; \
                      while ! test -e end; do sleep 0.05; done";
        let words = ["run", "--workers", "2", "--", "sh", "-c", script];
        let run = Running::spawn(&mut project.seedbed(&words));
        let _ = content(&project.root().join("service"));
        Self { project, run: Some(run) }
    }

    async fn client(&self) -> Client {
        let told = content(&self.project.root().join("service"));
        let [socket, token, _] = told.split(' ').collect::<Vec<_>>()[..] else { panic!("{told}") };
        Client::connect(&Address::Unix(socket.into()), &Secret::new(token)).await.unwrap()
    }

    fn psql(&self, sql: &str) -> String {
        let told = content(&self.project.root().join("service"));
        let url = told.rsplit(' ').next().unwrap();
        let mut psql = std::process::Command::new("psql");
        self.project.equip(&mut psql);
        psql.args(["-XAtqc", sql, url]);
        crate::project::finish(&mut psql).succeeds().stdout.trim_end().to_owned()
    }

    fn end(mut self) {
        self.project.write("end", "");
        self.run.take().unwrap().finish().succeeds();
    }
}

fn users(email: &str) -> Call {
    let set = [("email".to_owned(), Argument::Same(Some(email.to_owned())))];
    Call { table: "users".into(), set: set.into(), ..Call::default() }
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn rows_are_made_in_the_database_of_the_lease() {
    let scene = Scene::new();
    block(async {
        let mut client = scene.client().await;
        let request = MakeRequest { lease: "1".into(), call: users("a@x.example") };
        let made = client.make(&request).await.unwrap();
        let outcome = |made: &[seedbed_api::plan::Made]| made.last().unwrap().outcomes.clone();
        assert_eq!(outcome(&made), [Outcome::Created]);
        assert_eq!(scene.psql("SELECT email FROM users"), "a@x.example");
        assert_eq!(outcome(&client.make(&request).await.unwrap()), [Outcome::Matched]);
        let other = MakeRequest { lease: "2".into(), ..request.clone() };
        assert_eq!(outcome(&client.make(&other).await.unwrap()), [Outcome::Created]);

        // A list says how many rows there are; none is no request.
        let values = ["b@x.example", "c@x.example"].map(|value| Some(value.to_owned()));
        let set = [("email".to_owned(), Argument::Each(values.to_vec()))];
        let listed = Call { set: set.into(), ..users("") };
        let made = client.make(&MakeRequest { lease: "1".into(), call: listed }).await.unwrap();
        assert_eq!(outcome(&made), [Outcome::Created, Outcome::Created]);
        let none = Call { count: Some(0), ..users("a@x.example") };
        let request_none = MakeRequest { lease: "1".into(), call: none };
        let refused = client.make(&request_none).await.unwrap_err();
        assert!(refused.chain().contains("no row of users is asked for"), "{}", refused.chain());

        // A changed schema is noticed, and so is a database that was replaced.
        scene.psql("ALTER TABLE users ADD nick text NOT NULL DEFAULT ''");
        let made = client.make(&request).await.unwrap();
        assert!(made.last().unwrap().columns.iter().any(|column| column.name == "nick"));
        let rewound = client.rewind("1", &Default::default()).await.unwrap();
        assert!(rewound.replaced, "{rewound:?}");
        let made = client.make(&request).await.unwrap();
        assert_eq!(outcome(&made), [Outcome::Created]);
        assert!(made.last().unwrap().columns.iter().all(|column| column.name != "nick"));
    });
    scene.end();
}

/// What is computed for one client keeps no other one waiting.
#[test]
fn leases_are_handed_out_while_a_huge_batch_is_computed() {
    let scene = Scene::new();
    block(async {
        let mut client = scene.client().await;
        let call = Call { count: Some(50_000), ..Call::default() };
        let call = Call { table: "users".into(), ..call };
        let request = PlanRequest { lease: "1".into(), call };
        let planned = client.plan(&request).await.unwrap();
        let run = ValuesRequest {
            shape: planned.plan.shape.clone(),
            arguments: planned.arguments,
            count: planned.count,
            ..ValuesRequest::default()
        };
        let ask = RunValues { lease: "1".into(), run };
        let order = std::sync::Mutex::new(Vec::new());
        let came = |what| order.lock().unwrap().push(what);
        let huge = async {
            let values = client.values(&ask).await.unwrap();
            came("values");
            values
        };
        let others = async {
            let mut other = scene.client().await;
            // The first of these may be answered before the work begins, not all.
            for _ in 0..20 {
                let lease = other.acquire(&Default::default()).await.unwrap();
                other.release(&lease.lease).await.unwrap();
            }
            came("leases");
        };
        let (values, ()) = tokio::join!(huge, others);
        let rows = values.0.values().flat_map(|columns| columns.values()).map(Vec::len).max();
        assert_eq!(rows, Some(50_000));
        assert_eq!(order.into_inner().unwrap(), ["leases", "values"]);
    });
    scene.end();
}

#[test]
fn a_client_gets_a_plan_and_values_for_it() {
    let scene = Scene::new();
    block(async {
        let mut client = scene.client().await;
        let request = PlanRequest { lease: "1".into(), call: users("a@x.example") };
        let planned = client.plan(&request).await.unwrap();
        assert_eq!((planned.plan.plan, planned.count), (1, 1));
        let other = PlanRequest { call: users("b@x.example"), ..request.clone() };
        let other = client.plan(&other).await.unwrap();
        assert_eq!(other.plan, planned.plan, "the shape is the same");
        let run = ValuesRequest {
            shape: planned.plan.shape.clone(),
            arguments: planned.arguments.clone(),
            count: 1,
            ..ValuesRequest::default()
        };
        let ask = RunValues { lease: "1".into(), run: run.clone() };
        let values = client.values(&ask).await.unwrap();
        assert_eq!(values, client.values(&ask).await.unwrap());
        let users = values.0.iter().find(|(binding, _)| binding.starts_with("users")).unwrap().1;
        assert!(users["name"][0].is_some(), "{values:?}");

        // A shape of another schema is told as such.
        let stale = RunValues {
            run: ValuesRequest { shape: "of another schema".into(), ..run.clone() },
            ..ask.clone()
        };
        let failure = client.values(&stale).await.unwrap_err();
        assert_eq!(failure.code(), Some(ProblemCode::UnknownShape), "{}", failure.chain());
        let step = planned.plan.steps[0].name.clone();
        let trouble = Trouble { run, step, ..Trouble::default() };
        let told = RunTrouble { lease: "1".into(), trouble };
        let diagnosis = client.diagnosis(&told).await.unwrap();
        assert!(!diagnosis.message.is_empty());
    });
    scene.end();
}

#[test]
fn what_cannot_be_is_told_with_its_hint() {
    let scene = Scene::new();
    block(async {
        let mut client = scene.client().await;
        let make = |lease: &str, call: Call| MakeRequest { lease: lease.into(), call };
        for (request, code, text) in [
            (make("9", users("a@x.example")), ProblemCode::UnknownLease, "no run/9"),
            (make("", users("a@x.example")), ProblemCode::UnknownLease, "lease"),
            (make("1.77", users("a@x.example")), ProblemCode::UnknownLease, "never had"),
            (
                make("1", Call { table: "user".into(), ..Call::default() }),
                ProblemCode::BadRequest,
                "users",
            ),
            (
                make("1", Call { key: vec!["mail".into()], ..users("a@x.example") }),
                ProblemCode::BadRequest,
                "email",
            ),
        ] {
            let failure = client.make(&request).await.unwrap_err();
            let told = format!("{} {:?}", failure.chain(), failure.hints());
            assert_eq!(failure.code(), Some(code), "{told}");
            assert!(told.contains(text), "{told}");
        }
        let broken = serde_json::json!({ "lease": "1", "call": { "tabel": "users" } });
        let failure = client.call::<_, serde_json::Value>("POST", "/v1/make", Some(&broken)).await;
        assert_eq!(failure.unwrap_err().code(), Some(ProblemCode::BadRequest));
        let large = MakeRequest { call: users(&"x".repeat(17 << 20)), lease: "1".into() };
        let failure = client.make(&large).await.unwrap_err();
        let known = [Some(ProblemCode::TooLarge), Some(ProblemCode::ServerGone)];
        assert!(known.contains(&failure.code()), "{}", failure.chain());
    });
    scene.end();
}

#[test]
fn rows_are_built_and_nothing_is_written() {
    let scene = Scene::new();
    block(async {
        let mut client = scene.client().await;
        let call = Call { count: Some(2), ..users("a@x.example") };
        let call = Call { set: Default::default(), ..call };
        let request = MakeRequest { lease: "1".into(), call };
        let built = client.build(&request).await.unwrap();
        let [users] = &built[..] else { panic!("{built:?}") };
        let made = client.make(&request).await.unwrap();
        let email = |made: &seedbed_api::plan::Made| {
            let at = made.columns.iter().position(|column| column.name == "email").unwrap();
            made.rows.iter().map(|row| row[at].clone()).collect::<Vec<_>>()
        };
        assert_eq!(users.columns, made.last().unwrap().columns);
        assert_eq!(email(users).len(), 2);
        assert_eq!(client.build(&request).await.unwrap(), built);
        assert_eq!(scene.psql("SELECT count(*) FROM users"), "2", "those that were made");
        let unknown = Call { table: "user".into(), ..Call::default() };
        let request = MakeRequest { lease: "1".into(), call: unknown };
        let failure = client.build(&request).await.unwrap_err();
        assert_eq!(failure.code(), Some(ProblemCode::BadRequest), "{}", failure.chain());
    });
    scene.end();
}

#[test]
fn a_client_is_told_what_the_database_looks_like() {
    let scene = Scene::new();
    scene.psql(
        "CREATE SCHEMA sales; CREATE TABLE sales.odd (\"a b\" numeric(8,2) NOT NULL, \
           n int GENERATED ALWAYS AS IDENTITY, m int GENERATED ALWAYS AS (7) STORED, \
           at timestamptz DEFAULT now(), author int, PRIMARY KEY (n, \"a b\"), \
           CONSTRAINT once UNIQUE (at), \
           CONSTRAINT written_by FOREIGN KEY (author) REFERENCES users (id)); \
         CREATE UNIQUE INDEX ON sales.odd (lower(author::text))",
    );
    block(async {
        let mut client = scene.client().await;
        let facts = client.schema("1").await.unwrap();
        assert_eq!(facts, client.schema("1").await.unwrap());
        let odd = facts.tables.iter().find(|table| table.name == "odd").unwrap();
        let told = serde_json::to_value(odd).unwrap();
        let plain = |name: &str, type_name: &str| {
            serde_json::json!({ "name": name, "type": type_name, "nullable": true,
                "generated": false, "default": false })
        };
        let mut expected = serde_json::json!({
            "schema": "sales", "name": "odd", "kind": "ordinary",
            "columns": [
                plain("a b", "numeric(8,2)"),
                plain("n", "integer"),
                plain("m", "integer"),
                plain("at", "timestamp with time zone"),
                plain("author", "integer"),
            ],
            "primary_key": ["n", "a b"],
            "unique_keys": [
                { "name": "odd_pkey", "columns": ["n", "a b"] },
                { "name": "once", "columns": ["at"] },
            ],
            "foreign_keys": [{ "name": "written_by", "columns": ["author"],
                "table": "users", "references": ["id"] }],
        });
        for (column, changes) in [
            (0, serde_json::json!({ "nullable": false })),
            (1, serde_json::json!({ "nullable": false, "default": true, "identity": "always" })),
            (2, serde_json::json!({ "generated": true, "default": true })),
            (3, serde_json::json!({ "default": true })),
        ] {
            for (key, value) in changes.as_object().unwrap() {
                expected["columns"][column][key] = value.clone();
            }
        }
        assert_eq!(told, expected);
        let other = client.schema("2").await.unwrap();
        assert_ne!(other.fingerprint, facts.fingerprint);
        assert!(other.tables.iter().all(|table| table.name != "odd"));
        let failure = client.schema("9").await.unwrap_err();
        assert_eq!(failure.code(), Some(ProblemCode::UnknownLease), "{}", failure.chain());
    });
    scene.end();
}

/// Once it is known what the template looks like, the journal is asked instead
/// of the catalogs: whatever changes the schema has to be noticed all the same.
#[test]
fn a_changed_schema_is_noticed_also_when_it_was_known() {
    let scene = Scene::new();
    block(async {
        let mut client = scene.client().await;
        let first = client.schema("1").await.unwrap().fingerprint;
        assert_eq!(client.schema("2").await.unwrap().fingerprint, first);
        scene.psql("BEGIN; ALTER TABLE users ADD COLUMN shoe int; ROLLBACK");
        assert_eq!(client.schema("1").await.unwrap().fingerprint, first);
        scene.psql("CREATE INDEX CONCURRENTLY ON users (email)");
        let second = client.schema("1").await.unwrap().fingerprint;
        assert_eq!(client.schema("2").await.unwrap().fingerprint, first);
        scene.psql("ALTER TABLE users ADD COLUMN shoe int");
        let third = client.schema("1").await.unwrap().fingerprint;
        assert_ne!(third, second);
        scene.psql(
            "ALTER EVENT TRIGGER seedbed_journal_ddl DISABLE; ALTER TABLE users DROP COLUMN shoe",
        );
        let fourth = client.schema("1").await.unwrap().fingerprint;
        assert_ne!(fourth, third);
        scene.psql("DROP SCHEMA seedbed_journal CASCADE; ALTER TABLE users ADD COLUMN hat int");
        assert_ne!(client.schema("1").await.unwrap().fingerprint, fourth);
    });
    scene.end();
}

#[test]
fn ten_clients_with_a_hundred_calls_each_make_one_row() {
    let scene = Scene::new();
    block(async {
        let mut clients = Vec::new();
        for _ in 0..10 {
            clients.push(scene.client().await);
        }
        let calls = clients.into_iter().map(async |mut client| {
            let request = MakeRequest { lease: "1".into(), call: users("same@x.example") };
            let mut created = 0;
            for _ in 0..100 {
                let made = client.make(&request).await.unwrap();
                created += usize::from(made.last().unwrap().outcomes == [Outcome::Created]);
            }
            created
        });
        let created = join(calls).await;
        assert_eq!(created.iter().sum::<usize>(), 1);
        assert_eq!(scene.psql("SELECT count(*), (SELECT count(*) FROM orgs) FROM users"), "1|1");
    });
    scene.end();
}

/// All at once, in this one thread.
async fn join<F: Future>(all: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = all.into_iter().map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        let mut ready = true;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(done) => *output = Some(done),
                    std::task::Poll::Pending => ready = false,
                }
            }
        }
        if ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}
