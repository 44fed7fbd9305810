//! What the role of the web process may do. The role is taken on inside a
//! transaction, so that nothing of it stays.

use postgres::error::SqlState;

use crate::fixture::{Corner, customer, state};

#[test]
fn the_app_sees_only_the_orders_of_its_customer() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    shop.order(&[(lamp, 1)]).unwrap();
    let tag = format!("other-{}", shop.tag);
    let (other, _) = customer(&mut shop.client, &tag);
    let own = shop.customer;
    for (who, expected) in [(own.to_string(), 1_i64), (other.to_string(), 0), (String::new(), 0)] {
        let mut transaction = shop.client.transaction().unwrap();
        transaction.batch_execute("SET LOCAL ROLE shop_app").unwrap();
        transaction.execute("SELECT set_config('shop.customer_id', $1, true)", &[&who]).unwrap();
        let seen: i64 = transaction
            .query_one("SELECT count(*) FROM orders WHERE customer_id = $1", &[&own])
            .unwrap()
            .get(0);
        transaction.rollback().unwrap();
        assert_eq!(seen, expected, "as customer {who:?}");
    }
}

#[test]
fn the_app_cannot_read_the_audit_log_or_change_orders() {
    let mut shop = Corner::new();
    for forbidden in ["SELECT FROM audit_log LIMIT 1", "UPDATE orders SET tax = 0 WHERE false"] {
        let mut transaction = shop.client.transaction().unwrap();
        transaction.batch_execute("SET LOCAL ROLE shop_app").unwrap();
        let refused = transaction.batch_execute(forbidden).expect_err(forbidden);
        assert_eq!(state(refused), SqlState::INSUFFICIENT_PRIVILEGE);
    }
}

#[test]
fn the_app_fills_carts() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let customer = shop.customer;
    let mut transaction = shop.client.transaction().unwrap();
    transaction.batch_execute("SET LOCAL ROLE shop_app").unwrap();
    let added = transaction
        .execute(
            "WITH cart AS (INSERT INTO carts (customer_id) VALUES ($1) RETURNING id)
             INSERT INTO cart_items (cart_id, variant_id, quantity) SELECT id, $2, 1 FROM cart",
            &[&customer, &lamp],
        )
        .unwrap();
    assert_eq!(added, 1);
    transaction.commit().unwrap();
}
