//! What is told where a call cannot be met: the row that is in the way, the
//! value at fault, and a line that helps.

use seedbed_api::plan::Call;
use seedbed_db::{FactoryValues, Ran};
use seedbed_factory::Manner;

use super::ground::{Maker, call};

/// Message, detail and hints, however it ends.
async fn end(maker: &Maker, call: &Call) -> String {
    let compiled = match maker.factory.compile(call) {
        Ok(compiled) => compiled,
        Err(failure) => {
            return format!("{} {:?} {:?}", failure.chain(), failure.details(), failure.hints());
        }
    };
    let mut values = FactoryValues::new(&maker.factory, &maker.runner);
    match maker.runner.run(compiled, Manner::Autocommit, &mut values).await {
        Ok(Ran::Done(made)) => panic!("{made:?}"),
        Ok(Ran::Trouble(trouble)) => {
            let told = maker.factory.diagnose(&trouble).unwrap();
            format!("{} {:?} {:?}", told.message, told.detail, told.hints)
        }
        Err(failure) => {
            format!("{} {:?} {:?}", failure.chain(), failure.details(), failure.hints())
        }
    }
}

#[tokio::test]
async fn a_row_that_is_in_the_way_is_told() {
    let maker = Maker::new(
        "CREATE EXTENSION btree_gist;
         CREATE TABLE users (id serial PRIMARY KEY, username text NOT NULL UNIQUE, email text NOT NULL UNIQUE);
         INSERT INTO users VALUES (77, 'a77', 'a77@x.test');
         CREATE TABLE stays (id serial PRIMARY KEY, name text NOT NULL UNIQUE, guest text NOT NULL,
           room int NOT NULL, during daterange NOT NULL,
           EXCLUDE USING gist (room WITH =, during WITH &&));
         INSERT INTO stays VALUES (5, 'a', 'b', 1, '[2024-01-01,2024-02-01)');",
    )
    .await;
    let told = end(&maker, &call("users", &[("id", "78"), ("username", "a77")])).await;
    assert!(told.contains("another row of users has this username, but not this id"), "{told}");
    assert!(told.contains("--key username"), "{told}");
    let stay = [("name", "b"), ("room", "1"), ("during", "[2024-01-10,2024-01-11)")];
    let told = end(&maker, &call("stays", &stay)).await;
    assert!(
        told.contains("a row of stays would overlap another one: stays_room_during_excl"),
        "{told}"
    );
    assert!(told.contains("seedbed make stays room=… during=…"), "{told}");
}
