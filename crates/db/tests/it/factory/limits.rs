//! What costs how much, and what cannot be done.

use seedbed_api::plan::{Call, Outcome, Parameter, ValuesRequest};
use seedbed_db::FactoryValues;
use seedbed_factory::Manner;

use super::ground::{Maker, call, fingerprint};

/// A text as a literal of psql's kind.
fn literal(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[tokio::test]
async fn a_row_that_is_there_is_found_by_index() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, nick varchar(40) NOT NULL, \
           code bigint NOT NULL UNIQUE, at timestamptz NOT NULL, kind text NOT NULL);
         CREATE UNIQUE INDEX nicks ON users (lower(nick));
         CREATE UNIQUE INDEX live ON users (at) WHERE kind = 'live';
         CREATE TABLE posts (id serial PRIMARY KEY, author int NOT NULL REFERENCES users, \
           slug text NOT NULL, UNIQUE (author, slug));
         INSERT INTO users (email, nick, code, at, kind) SELECT 'e' || n, 'n' || n, n, \
           '2024-01-01'::timestamptz + n * interval '1 s', 'live' FROM generate_series(1, 5000) AS n;
         INSERT INTO posts (author, slug) SELECT n, 's' || n FROM generate_series(1, 5000) AS n;
         ANALYZE; SET plan_cache_mode = force_generic_plan",
    )
    .await;
    let users = [("email", "e7"), ("nick", "N7"), ("code", "7")];
    let mut number = 0;
    for call in [
        call("users", &users[..1]),
        call("users", &users[1..2]),
        call("users", &users[2..]),
        call("users", &users),
        call("users", &[("id", "7")]),
        call("posts", &[("slug", "s7"), ("author", "7")]),
        call("posts", &[("slug", "s7")]),
        Call {
            key: vec!["at".to_owned()],
            ..call("users", &[("at", "2024-01-01 00:00:07"), ("kind", "live")])
        },
    ] {
        let compiled = maker.factory.compile(&call).unwrap();
        let step = &compiled.plan.steps[0];
        let texts: Vec<String> = step
            .parameters
            .iter()
            .map(|parameter| match parameter {
                Parameter::Text(Some(text)) => literal(text),
                Parameter::Argument(name) => match &compiled.arguments[name] {
                    seedbed_api::plan::Argument::Same(Some(text)) => literal(text),
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            })
            .collect();
        number += 1;
        let types = vec!["text"; texts.len()].join(", ");
        maker.batch(&format!("PREPARE p{number} ({types}) AS {}", step.sql)).await;
        let sql = format!("EXPLAIN EXECUTE p{number} ({})", texts.join(", "));
        let plan: Vec<String> = maker
            .runner
            .session()
            .rows(&sql)
            .await
            .unwrap()
            .into_iter()
            .map(|row| row[0].clone().unwrap_or_default())
            .collect();
        let plan = plan.join("\n");
        assert!(!plan.contains("Seq Scan"), "{}\n{plan}", step.sql);
    }
}

#[tokio::test]
async fn a_domain_that_is_too_small_is_told_before_anything_is_written() {
    let maker = Maker::new(
        "CREATE TYPE suit AS ENUM ('hearts', 'spades');
         CREATE TABLE cards (id serial PRIMARY KEY, suit suit NOT NULL UNIQUE);
         CREATE TABLE flags (flag boolean PRIMARY KEY)",
    )
    .await;
    let before = fingerprint(&maker).await;
    for table in ["cards", "flags"] {
        maker.make(&Call { count: Some(2), ..call(table, &[]) }).await;
    }
    assert_ne!(fingerprint(&maker).await, before);
    let before = fingerprint(&maker).await;
    for table in ["cards", "flags"] {
        let call = Call { count: Some(3), ..call(table, &[]) };
        let failure = match maker.factory.compile(&call) {
            Err(failure) => failure,
            Ok(compiled) => {
                let mut values = seedbed_db::FactoryValues::new(&maker.factory, &maker.runner);
                maker.runner.run(compiled, Manner::Autocommit, &mut values).await.unwrap_err()
            }
        };
        assert!(failure.chain().contains("no row of"), "{}", failure.chain());
    }
    assert_eq!(fingerprint(&maker).await, before);
}

#[tokio::test]
async fn a_condition_that_nothing_meets_is_named() {
    let maker = Maker::new(
        "CREATE TABLE words (id serial PRIMARY KEY, word text NOT NULL UNIQUE, \
         CONSTRAINT palindrome CHECK (word = reverse(word) AND length(word) > 12))",
    )
    .await;
    let compiled = maker.factory.compile(&call("words", &[])).unwrap();
    let mut values = seedbed_db::FactoryValues::new(&maker.factory, &maker.runner);
    let failure = maker.runner.run(compiled, Manner::Autocommit, &mut values).await.unwrap_err();
    let detail = failure.details().unwrap_or_default();
    assert!(detail.contains("palindrome") && detail.contains("reverse"), "{detail}");
    assert_eq!(failure.hints(), ["seedbed make words word=…"]);
    // With a value it can be made.
    let otto = maker.make(&call("words", &[("word", "ottoottoottootto")])).await;
    assert_eq!(otto.outcome(), Outcome::Created);
}

#[tokio::test]
async fn fresh_rows_are_new_each_time() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, born date NOT NULL)",
    )
    .await;
    maker.make(&Call { count: Some(100), ..call("users", &[]) }).await;
    maker.batch("DELETE FROM users WHERE id = 50").await;
    for round in 1..=3 {
        let made = maker.make(&Call { count: Some(7), fresh: true, ..call("users", &[]) }).await;
        assert_eq!(made.outcomes, [Outcome::Created; 7]);
        let rows = (99 + round * 7).to_string();
        assert_eq!(maker.value("SELECT count(*) FROM users").await, rows);
    }
}

#[tokio::test]
async fn fresh_rows_end_where_their_key_does() {
    let maker = Maker::new(
        "CREATE TABLE flags (flag boolean PRIMARY KEY);
         CREATE TABLE grades (grade int PRIMARY KEY CHECK (grade BETWEEN 1 AND 10));
         CREATE TABLE switches (room text, is_on boolean, PRIMARY KEY (room, is_on))",
    )
    .await;
    let fresh = |call: Call| Call { fresh: true, ..call };
    let refused = async |call: &Call| {
        let compiled = maker.factory.compile(call).unwrap();
        let mut values = FactoryValues::new(&maker.factory, &maker.runner);
        let ran = maker.runner.run(compiled, Manner::Autocommit, &mut values).await;
        ran.unwrap_err().chain()
    };
    maker.make(&Call { count: Some(2), ..call("flags", &[]) }).await;
    let told = refused(&fresh(call("flags", &[]))).await;
    assert!(told.contains("flag must be unique and can hold 2 values"), "{told}");
    // A gap is used before the end is told.
    maker.make(&Call { count: Some(10), ..call("grades", &[]) }).await;
    maker.batch("DELETE FROM grades WHERE grade = 7").await;
    maker.make(&fresh(call("grades", &[]))).await;
    assert_eq!(maker.value("SELECT count(*) FROM grades WHERE grade = 7").await, "1");
    let told = refused(&fresh(call("grades", &[]))).await;
    assert!(told.contains("grade must be unique and can hold 10 values"), "{told}");
    // Of a key that is passed in part, nobody knows how far it goes.
    for _ in 0..2 {
        maker.make(&fresh(call("switches", &[("room", "hall")]))).await;
    }
    let told = refused(&fresh(call("switches", &[("room", "hall")]))).await;
    assert!(told.contains("no unused row of switches is found"), "{told}");
}

#[tokio::test]
async fn ten_sessions_make_one_row_without_a_key() {
    let maker =
        Maker::new("CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL, n int)").await;
    let mut running = Vec::new();
    for _ in 0..10 {
        let maker = maker.beside().await;
        running.push(tokio::spawn(async move {
            for number in 0..20 {
                maker.make(&call("notes", &[("body", &format!("note {number}"))])).await;
            }
        }));
    }
    for one in running {
        one.await.unwrap();
    }
    assert_eq!(maker.value("SELECT count(*) FROM notes").await, "20");
}

#[tokio::test]
async fn nothing_passed_has_no_part_in_what_is_compiled_and_build_needs_no_database() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL)",
    )
    .await;
    let alice = call("users", &[("email", "alice@example.com")]);
    let built = maker.factory.build(&alice).unwrap();
    let made = maker.make(&alice).await;
    assert_eq!(built[0].rows[0][1..], made.rows[0][1..]);
    let plan = serde_json::to_string(&*maker.factory.compile(&alice).unwrap().plan).unwrap();
    assert!(!plan.contains("alice@example.com"), "{plan}");
    let explained = maker.factory.explain(&alice).unwrap();
    assert_eq!(explained.key, ["email"]);
    assert_eq!(explained.lost[0].index, "users_pkey");
    assert!(explained.lost[0].why.contains("not passed"), "{:?}", explained.lost);
    let from = |column: &str| {
        explained.columns.iter().find(|origin| origin.column == column).unwrap().from.clone()
    };
    assert_eq!(from("email"), "passed as email");
    assert!(from("name").starts_with("generated from its key"), "{}", from("name"));
}

#[tokio::test]
async fn a_mistyped_count_costs_no_memory_wherever_it_is_sent() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
         CREATE TABLE posts (id serial PRIMARY KEY, author int NOT NULL REFERENCES users, title text NOT NULL)",
    )
    .await;
    let posts = Call { count: Some(3), ..call("posts", &[]) };
    let users =
        |count| Call { count: Some(count), with: vec![posts.clone()], ..call("users", &[]) };
    let compiled = maker.factory.compile(&users(2)).unwrap();
    let request = |count| ValuesRequest {
        shape: compiled.plan.shape.clone(),
        arguments: compiled.arguments.clone(),
        count,
        ..ValuesRequest::default()
    };
    assert!(maker.factory.values(&request(2)).is_ok());
    for count in [u32::MAX, 4_000_000_000, 700_000] {
        let failure = maker.factory.values(&request(count)).map(|_| ()).unwrap_err();
        assert!(failure.chain().contains("too many for one call"), "{}", failure.chain());
        let failure = maker.refused(&users(count));
        assert!(failure.contains("too many for one call"), "{failure}");
    }
}
