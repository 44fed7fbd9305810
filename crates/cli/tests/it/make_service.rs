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
