//! A trigger writes another table; foreign keys, checks and TRUNCATE.

use postgres::error::SqlState;
use postgres::{Client, Error};

use crate::lease::Lease;
use crate::rows::{join, members, one, state};

/// Accounts 1 and 2, with 100 and nothing.
fn two_accounts() -> Lease {
    let mut database = Lease::acquire();
    assert_eq!(members(&mut database.one), 0);
    join(&mut database.one, "ada@example.org").unwrap();
    join(&mut database.one, "ben@example.org").unwrap();
    let open = "WITH opened AS (INSERT INTO accounts (member_id, currency, balance)
                SELECT id, 'EUR', CASE id WHEN 1 THEN 100 ELSE 0 END FROM members ORDER BY id RETURNING id)
                SELECT string_agg(id::text, ' ') FROM opened";
    assert_eq!(one::<String>(&mut database.one, open), "1 2");
    database
}

fn transfer(client: &mut Client, amount: i64) -> Result<u64, Error> {
    client.execute("INSERT INTO transfers (payer, payee, amount) VALUES (1, 2, $1)", &[&amount])
}

fn balances(client: &mut Client) -> String {
    one(client, "SELECT string_agg(balance::text, ' ' ORDER BY id) FROM accounts")
}

#[test]
fn money_moves() {
    let mut database = two_accounts();
    transfer(&mut database.one, 30).unwrap();
    assert_eq!(balances(&mut database.two), "70 30");
}

#[test]
fn more_than_there_is_does_not_move() {
    let mut database = two_accounts();
    assert_eq!(state(transfer(&mut database.one, 101)), SqlState::CHECK_VIOLATION);
    assert_eq!(balances(&mut database.two), "100 0");
}

#[test]
fn two_connections_transfer_in_turn() {
    let mut database = two_accounts();
    for _ in 0..5 {
        transfer(&mut database.one, 10).unwrap();
        transfer(&mut database.two, 10).unwrap();
    }
    assert_eq!(balances(&mut database.one), "0 100");
}

#[test]
fn members_take_their_accounts_with_them() {
    let mut database = two_accounts();
    database.two.batch_execute("DELETE FROM members WHERE id = 1").unwrap();
    assert_eq!(balances(&mut database.one), "0");
}

#[test]
fn everything_can_be_truncated() {
    let mut database = two_accounts();
    transfer(&mut database.one, 1).unwrap();
    let truncate = "TRUNCATE members, accounts, transfers, currencies RESTART IDENTITY";
    database.one.batch_execute(truncate).unwrap();
    assert_eq!(members(&mut database.two), 0);
}
