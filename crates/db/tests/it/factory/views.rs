//! Rows made through views: what a view demands and hides counts.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each};

const VIEWS: &str = "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
      status text NOT NULL DEFAULT 'on', secret text);
    CREATE VIEW strict_users AS SELECT id, email, status FROM users WHERE status = 'on' \
      WITH CHECK OPTION;
    CREATE VIEW live_users AS SELECT id, email, status FROM users WHERE status = 'on'";

#[tokio::test]
async fn a_view_that_checks_its_rows_refuses_others() {
    let maker = Maker::new(VIEWS).await;
    let inside = call("strict_users", &[("email", "a@x.test")]);
    assert_eq!(maker.make(&inside).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&inside).await.outcome(), Outcome::Matched);
    let outside = call("strict_users", &[("email", "b@x.test"), ("status", "off")]);
    let told = maker.told(&outside, Manner::Autocommit).await;
    assert!(told.detail.as_deref().unwrap_or_default().contains("check option"), "{told:?}");
    // Nor is a row moved out of it.
    let moved = call("strict_users", &[("email", "a@x.test"), ("status", "off")]);
    maker.told(&moved, Manner::Autocommit).await;
    assert_eq!(maker.value("SELECT count(*) FROM users WHERE status = 'on'").await, "1");
    assert_eq!(maker.value("SELECT count(*) FROM users").await, "1");
}

#[tokio::test]
async fn a_row_that_the_view_would_not_show_is_not_made() {
    let maker = Maker::new(VIEWS).await;
    let mut many = Call { count: Some(2), ..call("live_users", &[]) };
    many.set.insert("email".to_owned(), each(&["a@x.test", "b@x.test"]));
    assert_eq!(maker.make(&many).await.outcomes, [Outcome::Created; 2]);
    assert_eq!(maker.make(&many).await.outcomes, [Outcome::Matched; 2]);
    let outside = call("live_users", &[("email", "c@x.test"), ("status", "off")]);
    for _ in 0..2 {
        let told = maker.told(&outside, Manner::Autocommit).await;
        assert!(told.message.contains("live_users would not show the row"), "{told:?}");
    }
    assert_eq!(maker.value("SELECT count(*) FROM users").await, "2");
    let fresh = Call { fresh: true, ..call("live_users", &[]) };
    assert_eq!(maker.make(&fresh).await.outcome(), Outcome::Created);
}

#[tokio::test]
async fn rights_on_the_view_are_enough() {
    let role = crate::ground::unique("viewer");
    let maker = Maker::new(VIEWS).await;
    maker
        .batch(&format!(
            "CREATE ROLE {role}; GRANT SELECT, INSERT, UPDATE ON live_users TO {role};
             GRANT USAGE ON SEQUENCE users_id_seq TO {role}"
        ))
        .await;
    maker.batch(&format!("SET ROLE {role}")).await;
    let schema = maker.runner.session().schema().await.unwrap();
    let settings =
        seedbed_model::Settings { seed: "test".to_owned(), locale: seedbed_values::Locale::EnUs };
    let factory = seedbed_factory::Factory::new(std::sync::Arc::new(schema), settings);
    let maker = Maker { factory: std::sync::Arc::new(factory), ..maker };
    let user = call("live_users", &[("email", "a@x.test")]);
    assert_eq!(maker.make(&user).await.outcome(), Outcome::Created);
    assert_eq!(maker.make(&user).await.outcome(), Outcome::Matched);
    assert!(maker.refused(&call("users", &[])).contains("no right to"));
    maker.batch(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

/// Whoever names a view does not mean its table: where rows cannot be made
/// through it, that is told with the line that names the table.
#[tokio::test]
async fn a_view_that_renames_or_hides_is_refused_with_its_table() {
    let maker = Maker::new(&format!(
        "{VIEWS};
         CREATE VIEW mails AS SELECT id, email AS mail FROM users;
         CREATE VIEW numbers AS SELECT id, status FROM users;
         CREATE VIEW keyless AS SELECT email, status FROM users;
         CREATE TABLE posts (id serial PRIMARY KEY, author int NOT NULL REFERENCES users, \
           title text NOT NULL UNIQUE);
         CREATE VIEW titles AS SELECT id, author AS by, title FROM posts"
    ))
    .await;
    for (call, words) in [
        (
            call("mails", &[("mail", "a@x.test")]),
            ["its mail is email of users", "\"seedbed make users email=…\""],
        ),
        (call("numbers", &[]), ["it hides email of users", "\"seedbed make users\""]),
        (call("keyless", &[("email", "a")]), ["a primary key", "\"seedbed make users email=…\""]),
        (
            Call {
                with: vec![Call { count: Some(2), ..call("titles", &[]) }],
                ..call("users", &[])
            },
            ["its by is author of posts", "\"seedbed make users --with posts=2\""],
        ),
    ] {
        let refused = maker.refused(&call);
        assert!(words.iter().all(|word| refused.contains(word)), "{refused}");
    }
    assert_eq!(maker.value("SELECT count(*) FROM users").await, "0");
}
