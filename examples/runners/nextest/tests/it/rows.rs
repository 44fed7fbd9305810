//! What the tests insert and ask.

use postgres::error::SqlState;
use postgres::types::FromSql;
use postgres::{Client, Error, GenericClient};

pub fn join(client: &mut impl GenericClient, email: &str) -> Result<i64, Error> {
    let insert = "INSERT INTO members (email, name) VALUES ($1, 'A') RETURNING id";
    Ok(client.query_one(insert, &[&email])?.get(0))
}

pub fn one<T: for<'a> FromSql<'a>>(client: &mut Client, sql: &str) -> T {
    client.query_one(sql, &[]).unwrap().get(0)
}

pub fn members(client: &mut Client) -> i64 {
    one(client, "SELECT count(*) FROM members")
}

/// The SQLSTATE with which the server refuses.
pub fn state<T>(refused: Result<T, Error>) -> SqlState {
    refused.err().expect("the server refuses").code().expect("an answer of the server").clone()
}
