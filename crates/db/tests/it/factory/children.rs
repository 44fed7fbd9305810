//! Rows that refer to the ones that were asked for.

use seedbed_api::plan::Call;

use super::ground::{Maker, call};

#[tokio::test]
async fn groups_of_children_are_bounded() {
    let maker = Maker::new(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE);
         CREATE TABLE posts (id serial PRIMARY KEY, author int NOT NULL REFERENCES users, \
           slug text NOT NULL, UNIQUE (author, slug))",
    )
    .await;
    let groups = |many: usize| Call {
        with: (0..many).map(|number| call("posts", &[("slug", &number.to_string())])).collect(),
        ..call("users", &[("email", "a@x.test")])
    };
    maker.make(&groups(20)).await;
    assert_eq!(maker.value("SELECT count(*) FROM posts").await, "20");
    let refused = maker.refused(&groups(3000));
    assert!(refused.contains("more than 200 groups of children"), "{refused}");
    let nested = (0..4).fold(groups(20), |below, _| Call {
        with: vec![below.clone(), below],
        ..call("users", &[])
    });
    let refused = maker.refused(&nested);
    assert!(refused.contains("more than 200 groups"), "{refused}");
}
