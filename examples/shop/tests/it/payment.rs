//! Payments and refunds.

use postgres::error::SqlState;
use shop::{Order, ShopError, refund, take_payment};

use crate::fixture::{Corner, state};

fn ordered() -> (Corner, Order, String) {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let order = shop.order(&[(lamp, 1)]).unwrap();
    let reference = format!("pay-{}", shop.tag);
    (shop, order, reference)
}

#[test]
fn a_payment_makes_the_order_paid() {
    let (mut shop, order, reference) = ordered();
    take_payment(&mut shop.client, order.id, &reference, order.total).unwrap();
    let status: String = shop.one("SELECT status::text FROM orders WHERE id = $1", &[&order.id]);
    assert_eq!(status, "paid");
}

#[test]
fn the_same_reference_is_booked_once() {
    let (mut shop, order, reference) = ordered();
    let first = take_payment(&mut shop.client, order.id, &reference, order.total).unwrap();
    let second = take_payment(&mut shop.client, order.id, &reference, order.total).unwrap();
    assert_eq!(first, second);
    let rows: i64 = shop.one("SELECT count(*) FROM payments WHERE order_id = $1", &[&order.id]);
    assert_eq!(rows, 1);
}

#[test]
fn a_wrong_amount_is_refused() {
    let (mut shop, order, reference) = ordered();
    let refused = take_payment(&mut shop.client, order.id, &reference, order.total - 1);
    let Err(ShopError::WrongAmount { due }) = refused else { panic!("{refused:?}") };
    assert_eq!(due, order.total);
}

#[test]
fn an_order_has_one_captured_payment() {
    let (mut shop, order, reference) = ordered();
    take_payment(&mut shop.client, order.id, &reference, order.total).unwrap();
    let other = format!("{reference}-other");
    let refused = take_payment(&mut shop.client, order.id, &other, order.total);
    assert!(matches!(refused, Err(ShopError::NotPossible)), "{refused:?}");
    let by_hand = shop.refusal(
        "INSERT INTO payments (order_id, reference, status, amount, captured_at)
         VALUES ($1, $2, 'captured', 1, now())",
        &[&order.id, &other],
    );
    assert_eq!(by_hand, SqlState::UNIQUE_VIOLATION);
}

#[test]
fn refunds_never_exceed_the_payment() {
    let (mut shop, order, reference) = ordered();
    let payment = take_payment(&mut shop.client, order.id, &reference, order.total).unwrap();
    refund(&mut shop.client, payment, order.total - 100, "scratched").unwrap();
    let refused = refund(&mut shop.client, payment, 101, "greed").expect_err("more than was paid");
    let ShopError::Database(error) = refused else { panic!("{refused:?}") };
    assert_eq!(state(error), SqlState::CHECK_VIOLATION);
    refund(&mut shop.client, payment, 100, "the rest").unwrap();
    let status: String = shop.one("SELECT status::text FROM payments WHERE id = $1", &[&payment]);
    assert_eq!(status, "refunded");
}

#[test]
fn one_transaction_may_replace_a_refund() {
    let (mut shop, order, reference) = ordered();
    let payment = take_payment(&mut shop.client, order.id, &reference, order.total).unwrap();
    refund(&mut shop.client, payment, order.total, "all").unwrap();
    let mut transaction = shop.client.transaction().unwrap();
    transaction
        .execute(
            "INSERT INTO refunds (payment_id, amount, reason) VALUES ($1, 500, 'part')",
            &[&payment],
        )
        .unwrap();
    transaction
        .execute("DELETE FROM refunds WHERE payment_id = $1 AND reason = 'all'", &[&payment])
        .unwrap();
    transaction.commit().unwrap();
    let left: i64 =
        shop.one("SELECT sum(amount)::bigint FROM refunds WHERE payment_id = $1", &[&payment]);
    assert_eq!(left, 500);
}
