//! Several rows in one call: each is its own row, and a call is met whole or
//! not at all.

use seedbed_api::plan::{Call, Outcome};
use seedbed_factory::Manner;

use super::ground::{Maker, call, each, fingerprint};

fn many(table: &str, lists: &[(&str, &[&str])]) -> Call {
    let count = lists.iter().map(|(_, list)| list.len()).max().unwrap_or(1);
    let set = lists.iter().map(|(name, list)| ((*name).to_owned(), each(list))).collect();
    Call { count: u32::try_from(count).ok(), set, ..call(table, &[]) }
}

const TWO_KEYS: &str = "CREATE TABLE u (id serial PRIMARY KEY, email text NOT NULL UNIQUE, \
    username text NOT NULL, name text, o int);
    CREATE UNIQUE INDEX u_username ON u (lower(username), (o IS NULL));
    INSERT INTO u (email, username, name) VALUES ('a@x', 'ua', 'as it was')";

#[tokio::test]
async fn a_row_that_has_one_of_two_keys_is_not_bent_into_shape() {
    let maker = Maker::new(TWO_KEYS).await;
    let wanted = Call {
        set: many("u", &[("email", &["a@x", "b@x"]), ("username", &["zz", "ub"])])
            .set
            .into_iter()
            .chain(many("u", &[("name", &["N", "N"]), ("o", &["1", "1"])]).set)
            .collect(),
        ..many("u", &[("email", &["a@x", "b@x"])])
    };
    maker.batch("BEGIN").await;
    let told = maker.told(&wanted, Manner::InTransaction).await;
    maker.batch("ROLLBACK").await;
    assert!(told.message.contains("u 1 has this email, but another"), "{told:?}");
    assert!(told.message.contains("(row 0)"), "{told:?}");
    let name = maker.value("SELECT name FROM u WHERE id = 1").await;
    assert_eq!(name, "as it was");
}

#[tokio::test]
async fn a_batch_with_two_keys_converges() {
    let maker = Maker::new(TWO_KEYS).await;
    maker.batch("UPDATE u SET o = 5").await;
    let batch = |name: &str| {
        many(
            "u",
            &[
                ("email", &["a@x", "b@x"]),
                ("username", &["UA", "ub"]),
                ("o", &["5", "6"]),
                ("name", &[name, name]),
            ],
        )
    };
    let made = maker.make(&batch("N")).await;
    assert_eq!(made.outcomes, [Outcome::Updated, Outcome::Created]);
    assert_eq!(maker.make(&batch("M")).await.outcomes, [Outcome::Updated; 2]);
    let before = fingerprint(&maker).await;
    assert_eq!(maker.make(&batch("M")).await.outcomes, [Outcome::Matched; 2]);
    assert_eq!(fingerprint(&maker).await, before);
}
