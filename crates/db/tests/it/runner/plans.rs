//! A table of people and plans for it, as a factory would compile them.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_api::plan::{
    Argument, Binding, Column, Made, Outcome, Parameter, Plan, Rows, Step, Target, Trouble, Values,
    ValuesRequest,
};
use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Ran, Runner, Session, ValueSource};
use seedbed_factory::{Compiled, Manner};

use crate::ground::{database, session};

pub(crate) const TABLE: &str = "CREATE TABLE users (id bigserial PRIMARY KEY, \
    email text NOT NULL UNIQUE, name text NOT NULL CHECK (name <> 'Nobody'))";

const LOOK_UP: &str = "SELECT NULL, CASE WHEN $2::text IS NULL OR name = $2::text \
    THEN 't' ELSE 'f' END, id::text, email, name FROM users WHERE email = $1::text";
const INSERT: &str = "INSERT INTO users (email, name) VALUES ($1::text, $2::text) \
    ON CONFLICT (email) DO NOTHING RETURNING NULL::text, NULL::text, id::text, email, name";
const UPDATE: &str = "UPDATE users SET name = $2::text WHERE email = $1::text \
    AND name IS DISTINCT FROM $2::text RETURNING NULL::text, NULL::text, id::text, email, name";
const LOOK_UP_MANY: &str = "SELECT k.o::text, NULL::text, u.id::text, u.email, u.name \
    FROM unnest($1::text::int[], $2::text::text[]) AS k (o, email) JOIN users u USING (email)";
const INSERT_MANY: &str = "WITH k AS (SELECT * FROM \
    unnest($1::text::int[], $2::text::text[], $3::text::text[]) AS k (o, email, name)), \
    i AS (INSERT INTO users (email, name) SELECT email, name FROM k ORDER BY email \
          ON CONFLICT (email) DO NOTHING RETURNING *) \
    SELECT k.o::text, NULL::text, i.id::text, i.email, i.name FROM i JOIN k USING (email)";

pub(crate) fn step(name: &str, sql: &str, parameters: &[Parameter]) -> Step {
    Step {
        name: name.to_owned(),
        into: "users".to_owned(),
        on: Target::Missing,
        needed_for: Vec::new(),
        sql: sql.to_owned(),
        parameters: parameters.to_vec(),
        outcome: None,
        savepoint: false,
        tolerates: Vec::new(),
        last: false,
        alone: false,
        raises: false,
    }
}

pub(crate) fn argument(name: &str) -> Parameter {
    Parameter::Argument(name.to_owned())
}

pub(crate) fn plan(rows: Rows, steps: Vec<Step>) -> Plan {
    let column = |name: &str, type_name: &str| Column {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
    };
    let columns = vec![column("id", "bigint"), column("email", "text"), column("name", "text")];
    Plan {
        plan: 1,
        shape: "by hand".to_owned(),
        transaction: false,
        bindings: vec![Binding {
            name: "users".to_owned(),
            table: "users".to_owned(),
            rows,
            columns: columns.into(),
            key_of: None,
            kept: Vec::new(),
        }],
        steps,
        result: "users".to_owned(),
        evidence: Vec::new(),
    }
}

/// Look up, insert, look up, insert, look up; then what differs is updated.
pub(crate) fn one_user() -> Plan {
    let value = Parameter::Value("users".to_owned(), "name".to_owned());
    let look_up = Step {
        outcome: Some(Outcome::Matched),
        savepoint: true,
        ..step("users: look up", LOOK_UP, &[argument("email"), argument("name")])
    };
    let insert = Step {
        outcome: Some(Outcome::Created),
        savepoint: true,
        ..step("users: insert", INSERT, &[argument("email"), value])
    };
    let update = Step {
        on: Target::Differing,
        outcome: Some(Outcome::Updated),
        savepoint: true,
        ..step("users: update", UPDATE, &[argument("email"), argument("name")])
    };
    let last = Step { last: true, ..look_up.clone() };
    plan(Rows::One, vec![look_up.clone(), insert.clone(), look_up, insert, last, update])
}

pub(crate) fn many_users() -> Plan {
    let value = Parameter::Value("users".to_owned(), "name".to_owned());
    let look_up = Step {
        outcome: Some(Outcome::Matched),
        ..step("users: look up", LOOK_UP_MANY, &[Parameter::Ordinals, argument("email")])
    };
    let insert = Step {
        outcome: Some(Outcome::Created),
        savepoint: true,
        ..step("users: insert", INSERT_MANY, &[Parameter::Ordinals, argument("email"), value])
    };
    let last = Step { last: true, ..look_up.clone() };
    plan(Rows::Times(1), vec![look_up, insert, last])
}

pub(crate) fn call(plan: &Plan, email: &str, name: Option<&str>) -> Compiled {
    let same = |text: Option<&str>| Argument::Same(text.map(str::to_owned));
    let arguments =
        BTreeMap::from([("email".to_owned(), same(Some(email))), ("name".to_owned(), same(name))]);
    Compiled { plan: Arc::new(plan.clone()), arguments, count: 1 }
}

/// Gives every row the same name, and counts how often it was asked.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) name: Option<String>,
    pub(crate) asked: u32,
}

impl Names {
    pub(crate) fn of(name: &str) -> Self {
        Self { name: Some(name.to_owned()), asked: 0 }
    }
}

impl ValueSource for Names {
    async fn values(&mut self, request: &ValuesRequest) -> Result<Values> {
        self.asked += 1;
        let Some(name) = &self.name else {
            return Err(Failure::new(Kind::Config, "there are no names left"));
        };
        let rows = request.count.max(1) as usize;
        let columns = BTreeMap::from([("name".to_owned(), vec![Some(name.clone()); rows])]);
        Ok(Values(BTreeMap::from([("users".to_owned(), columns)])))
    }
}

/// A runner on a new database with the table.
pub(crate) async fn runner() -> Runner<Session> {
    let session = session(&database()).await;
    session.batch(TABLE).await.unwrap();
    Runner::new(session).logging()
}

pub(crate) fn done(ran: Ran) -> Made {
    match ran {
        Ran::Done(mut made) => made.remove(0),
        Ran::Trouble(trouble) => panic!("{trouble:?}"),
    }
}

pub(crate) fn trouble(ran: Ran) -> Trouble {
    match ran {
        Ran::Done(made) => panic!("{made:?}"),
        Ran::Trouble(trouble) => *trouble,
    }
}

/// Runs the plan for one user and expects rows.
pub(crate) async fn make(runner: &Runner<Session>, email: &str, manner: Manner) -> Made {
    let compiled = call(&one_user(), email, None);
    done(runner.run(compiled, manner, &mut Names::of("Somebody")).await.unwrap())
}
