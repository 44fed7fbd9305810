//! Every test inserts the same address and commits: without isolation, all but one fail.

use std::io::Write as _;

use postgres::error::SqlState;

use crate::lease::Lease;
use crate::rows::{join, members, one, state};

const ADA: &str = "ada@example.org";
const BEN: &str = "ben@example.org";

fn the_first_member_is_number_one() {
    let mut database = Lease::acquire();
    assert_eq!(members(&mut database.one), 0);
    assert_eq!(join(&mut database.one, ADA).unwrap(), 1);
    assert_eq!(members(&mut database.two), 1);
}

#[test]
fn the_first_member_is_number_one_1() {
    the_first_member_is_number_one();
}

#[test]
fn the_first_member_is_number_one_2() {
    the_first_member_is_number_one();
}

#[test]
fn the_first_member_is_number_one_3() {
    the_first_member_is_number_one();
}

#[test]
fn the_first_member_is_number_one_4() {
    the_first_member_is_number_one();
}

#[test]
fn an_address_is_taken_once() {
    let mut database = Lease::acquire();
    join(&mut database.one, ADA).unwrap();
    assert_eq!(state(join(&mut database.two, ADA)), SqlState::UNIQUE_VIOLATION);
    assert_eq!(join(&mut database.two, BEN).unwrap(), 3);
    assert_eq!(members(&mut database.one), 2);
}

#[test]
fn another_connection_waits_for_the_first() {
    let mut database = Lease::acquire();
    let mut first = database.one.transaction().unwrap();
    join(&mut first, ADA).unwrap();
    let mut second = database.two.transaction().unwrap();
    second.batch_execute("SET LOCAL lock_timeout = '50ms'").unwrap();
    assert_eq!(state(join(&mut second, ADA)), SqlState::LOCK_NOT_AVAILABLE);
    second.rollback().unwrap();
    first.commit().unwrap();
    assert_eq!(members(&mut database.two), 1);
}

#[test]
fn half_of_a_transaction_can_be_taken_back() {
    let mut database = Lease::acquire();
    let mut all = database.one.transaction().unwrap();
    join(&mut all, ADA).unwrap();
    let mut half = all.transaction().unwrap();
    join(&mut half, BEN).unwrap();
    half.rollback().unwrap();
    all.commit().unwrap();
    let emails: String = one(&mut database.two, "SELECT string_agg(email, ' ') FROM members");
    assert_eq!(emails, ADA);
}

#[test]
fn many_join_by_copy() {
    let mut database = Lease::acquire();
    join(&mut database.one, ADA).unwrap();
    let mut copy = database.one.copy_in("COPY members (email, name) FROM STDIN").unwrap();
    for number in 0..200 {
        writeln!(copy, "m{number}@example.org\tM").unwrap();
    }
    copy.finish().unwrap();
    assert_eq!(members(&mut database.two), 201);
}

#[test]
fn what_a_test_leaves_open_is_closed() {
    let mut database = Lease::acquire();
    database.one.batch_execute("BEGIN").unwrap();
    join(&mut database.one, ADA).unwrap();
    // The process ends with the transaction open, and its lease with it.
}

#[test]
fn reference_data_can_be_deleted() {
    let mut database = Lease::acquire();
    join(&mut database.one, ADA).unwrap();
    database.one.batch_execute("DELETE FROM currencies").unwrap();
    assert_eq!(one::<i64>(&mut database.two, "SELECT count(*) FROM currencies"), 0);
}

#[test]
fn reference_data_is_there() {
    let mut database = Lease::acquire();
    join(&mut database.one, ADA).unwrap();
    let codes = "SELECT string_agg(code, ' ' ORDER BY code) FROM currencies";
    assert_eq!(one::<String>(&mut database.two, codes), "CHF EUR USD");
}
