//! What the server is told, by its own log: nothing that ends the caller's
//! transaction, changes the schema, moves a sequence back, empties a table or
//! switches triggers off.

use seedbed_api::plan::{Call, Policy};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each};
use crate::ground::SERVER;

/// Words that no statement may have outside of quotes; savepoints are ours.
const NEVER: [&str; 14] = [
    "commit",
    "end",
    "abort",
    "begin",
    "start",
    "create",
    "alter",
    "drop",
    "grant",
    "revoke",
    "setval",
    "truncate",
    "disable",
    "session_replication_role",
];

/// What a backend was told since `from`, as far as the log has it.
fn told(from: usize, process: &str) -> Vec<String> {
    let log = std::fs::read(SERVER.folder().join("log")).unwrap();
    let log = String::from_utf8_lossy(&log[from..]).into_owned();
    let own = format!("[{process}]");
    let said = log.lines().filter(|line| line.contains(&own)).filter_map(|line| {
        let (_, statement) = line.split_once("LOG:  ")?;
        Some(statement.split_once(": ")?.1.to_owned())
    });
    said.collect()
}

/// Its words outside of literals and quoted names.
fn words(statement: &str) -> Vec<String> {
    let mut bare = String::new();
    let mut quoted = None;
    for letter in statement.chars() {
        match quoted {
            Some(quote) if letter == quote => quoted = None,
            Some(_) => {}
            None if letter == '\'' || letter == '"' => {
                quoted = Some(letter);
                bare.push(' ');
            }
            None => bare.push(letter),
        }
    }
    let words = bare.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect()
}

#[tokio::test]
async fn the_servers_log_has_nothing_that_is_the_callers() {
    let maker = Maker::new(
        "CREATE TABLE orgs (id serial PRIMARY KEY, name text NOT NULL UNIQUE, boss int);
         CREATE TABLE users (id smallserial PRIMARY KEY, email text NOT NULL UNIQUE, \
           name text, org_id int NOT NULL REFERENCES orgs);
         CREATE TABLE posts (id serial PRIMARY KEY, user_id smallint NOT NULL REFERENCES users, \
           title text NOT NULL, UNIQUE (user_id, title));
         CREATE TABLE logs (id serial PRIMARY KEY, line text NOT NULL);
         ALTER TABLE orgs ADD FOREIGN KEY (boss) REFERENCES users DEFERRABLE",
    )
    .await;
    let process = maker.value("SELECT pg_backend_pid()").await;
    maker.batch("SET log_statement = 'all'; BEGIN").await;
    let from = std::fs::metadata(SERVER.folder().join("log")).unwrap().len();
    let from = usize::try_from(from).unwrap();
    let alice = call("users", &[("email", "a@x.test"), ("name", "A")]);
    let mut several = call("users", &[]);
    several.set.insert("email".to_owned(), each(&["a@x.test", "b@x.test"]));
    several.count = Some(2);
    let posts = Call { count: Some(3), ..call("posts", &[]) };
    let calls = [
        alice.clone(),
        alice.clone(),
        call("users", &[("email", "a@x.test"), ("name", "B")]),
        Call { policy: Policy::Strict, ..alice.clone() },
        Call { policy: Policy::Keep, ..alice },
        several,
        Call { count: Some(5), with: vec![posts], ..call("users", &[]) },
        Call { fresh: true, ..call("users", &[]) },
        call("logs", &[("line", "x")]),
        call("logs", &[("line", "x")]),
    ];
    for call in &calls {
        // The strict one is refused: what follows a failure is looked at as well.
        let _ = maker.ran(call, Manner::InTransaction).await;
    }
    let statements = told(from, &process);
    assert!(statements.len() > 2 * calls.len(), "{statements:#?}");
    assert!(statements.iter().any(|one| one.contains("INSERT INTO")), "{statements:#?}");
    for statement in &statements {
        // `CASE … END` is no statement.
        let is_case = statement.contains("CASE ");
        let words = words(statement);
        let odd = words
            .iter()
            .find(|word| NEVER.contains(&word.as_str()) && !(is_case && word.as_str() == "end"));
        assert_eq!(odd, None, "{statement}");
        let rolls_back = words.first().is_some_and(|word| word == "rollback");
        assert!(!rolls_back || words.get(1).is_some_and(|word| word == "to"), "{statement}");
    }
    maker.batch("COMMIT").await;
    assert_eq!(maker.value("SELECT count(*) FROM logs").await, "1");
}
