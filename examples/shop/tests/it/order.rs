//! Orders: totals, stock, coupons, and the steps an order may take.

use std::sync::Barrier;
use std::thread;

use postgres::error::SqlState;
use shop::{ShopError, available, cancel_order, place_order, ship_order, take_payment};

use crate::fixture::{Corner, connect, customer};

#[test]
fn a_cart_becomes_an_order_with_totals() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let (_, bulb) = shop.product("bulb", 300, 50);
    let order = shop.order(&[(lamp, 1), (bulb, 4)]).unwrap();
    assert_eq!((order.goods, order.discount, order.tax), (3_200, 0, 608));
    assert_eq!(order.total, 3_200 + 490 + 608);
    assert_eq!(available(&mut shop.client, lamp).unwrap(), 4);
    assert_eq!(available(&mut shop.client, bulb).unwrap(), 46);
    let pieces: i64 = shop.one("SELECT pieces FROM order_summaries WHERE id = $1", &[&order.id]);
    assert_eq!(pieces, 5);
}

#[test]
fn order_numbers_start_with_the_year() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let order = shop.order(&[(lamp, 1)]).unwrap();
    let year: String = shop.one("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY')", &[]);
    let (prefix, digits) = order.number.split_once('-').unwrap();
    assert_eq!(prefix, year);
    assert!(digits.len() == 8 && digits.parse::<u64>().is_ok(), "{}", order.number);
}

#[test]
fn a_cart_is_ordered_once() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let cart = shop.cart(&[(lamp, 1)]);
    let new = shop.new_order(cart);
    place_order(&mut shop.client, &new).unwrap();
    let again = place_order(&mut shop.client, &new);
    assert!(matches!(again, Err(ShopError::EmptyCart)), "{again:?}");
    assert_eq!(available(&mut shop.client, lamp).unwrap(), 4);
}

#[test]
fn an_empty_cart_is_not_an_order() {
    let mut shop = Corner::new();
    let refused = shop.order(&[]);
    assert!(matches!(refused, Err(ShopError::EmptyCart)), "{refused:?}");
}

#[test]
fn more_than_available_is_refused_and_nothing_is_kept() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let (_, vase) = shop.product("vase", 900, 1);
    let refused = shop.order(&[(lamp, 2), (vase, 3)]);
    let Err(ShopError::OutOfStock { sku, missing }) = refused else { panic!("{refused:?}") };
    assert!(sku.starts_with("VASE-"), "{sku}");
    assert_eq!(missing, 2);
    assert_eq!(available(&mut shop.client, lamp).unwrap(), 5);
    let customer = shop.customer;
    let orders: i64 = shop.one("SELECT count(*) FROM orders WHERE customer_id = $1", &[&customer]);
    assert_eq!(orders, 0);
}

#[test]
fn stock_is_reserved_from_several_warehouses() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 3);
    let tag = shop.tag.clone();
    let second: i64 = shop.one(
        "INSERT INTO warehouses (code, country_code) VALUES ('SEC-' || upper($1), 'AT') RETURNING id",
        &[&tag],
    );
    shop::restock(&mut shop.client, second, lamp, 2).unwrap();
    shop.order(&[(lamp, 4)]).unwrap();
    let reserved: Vec<i32> = shop
        .client
        .query(
            "SELECT reserved FROM inventory WHERE variant_id = $1 ORDER BY on_hand DESC",
            &[&lamp],
        )
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(reserved, [3, 1]);
}

#[test]
fn the_last_piece_goes_to_one_of_two() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 1);
    let rival_tag = format!("rival-{}", shop.tag);
    let (rival, rival_address) = customer(&mut shop.client, &rival_tag);
    let own = shop.cart(&[(lamp, 1)]);
    let other = shop.cart_of(rival, &[(lamp, 1)]);
    let mut orders = [shop.new_order(own), shop.new_order(other)];
    orders[1].ship_to = rival_address;

    let barrier = Barrier::new(orders.len());
    let results: Vec<bool> = thread::scope(|scope| {
        let threads: Vec<_> = orders
            .iter()
            .map(|new| {
                scope.spawn(|| {
                    let mut client = connect();
                    barrier.wait();
                    match place_order(&mut client, new) {
                        Ok(_) => true,
                        Err(ShopError::OutOfStock { missing: 1, .. }) => false,
                        Err(other) => panic!("{other:?}"),
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|won| **won).count(), 1);
    assert_eq!(available(&mut shop.client, lamp).unwrap(), 0);
}

#[test]
fn a_percentage_coupon_lowers_the_price_before_tax() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 10_000, 5);
    let code = format!("TENTH-{}", shop.tag);
    shop.run("INSERT INTO coupons (code, basis_points) VALUES ($1, 1000)", &[&code]);
    let cart = shop.cart(&[(lamp, 1)]);
    let mut new = shop.new_order(cart);
    new.coupon = Some(code.to_lowercase());
    let order = place_order(&mut shop.client, &new).unwrap();
    assert_eq!((order.goods, order.discount, order.tax), (10_000, 1_000, 1_710));
}

#[test]
fn a_fixed_coupon_never_takes_off_more_than_the_goods() {
    let mut shop = Corner::new();
    let (_, bulb) = shop.product("bulb", 300, 5);
    let code = format!("GIFT-{}", shop.tag);
    shop.run("INSERT INTO coupons (code, amount) VALUES ($1, 5000)", &[&code]);
    let cart = shop.cart(&[(bulb, 1)]);
    let mut new = shop.new_order(cart);
    new.coupon = Some(code);
    let order = place_order(&mut shop.client, &new).unwrap();
    assert_eq!((order.discount, order.tax, order.total), (300, 0, 490));
}

#[test]
fn a_coupon_serves_a_customer_once_and_keeps_count() {
    let mut shop = Corner::new();
    let (_, bulb) = shop.product("bulb", 300, 5);
    let code = format!("ONCE-{}", shop.tag);
    shop.run("INSERT INTO coupons (code, basis_points) VALUES ($1, 500)", &[&code]);
    for expected in [true, false] {
        let cart = shop.cart(&[(bulb, 1)]);
        let mut new = shop.new_order(cart);
        new.coupon = Some(code.clone());
        let placed = place_order(&mut shop.client, &new);
        assert_eq!(placed.is_ok(), expected, "{placed:?}");
    }
    let uses: i32 = shop.one("SELECT uses FROM coupons WHERE code = $1", &[&code]);
    assert_eq!(uses, 1);
    assert_eq!(available(&mut shop.client, bulb).unwrap(), 4);
}

#[test]
fn expired_and_used_up_coupons_are_refused() {
    let mut shop = Corner::new();
    let (_, bulb) = shop.product("bulb", 300, 5);
    let (expired, spent) = (format!("OLD-{}", shop.tag), format!("SPENT-{}", shop.tag));
    shop.run(
        "INSERT INTO coupons (code, basis_points, valid) VALUES ($1, 500, tstzrange(NULL, now() - interval '1 hour'))",
        &[&expired],
    );
    shop.run(
        "INSERT INTO coupons (code, basis_points, max_uses, uses) VALUES ($1, 500, 3, 3)",
        &[&spent],
    );
    let cart = shop.cart(&[(bulb, 1)]);
    for code in [expired, spent, "NONE-SUCH".to_owned()] {
        let mut new = shop.new_order(cart);
        new.coupon = Some(code);
        let placed = place_order(&mut shop.client, &new);
        assert!(matches!(placed, Err(ShopError::CouponUnusable)), "{placed:?}");
    }
}

#[test]
fn cancelling_gives_the_stock_back() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let order = shop.order(&[(lamp, 3)]).unwrap();
    assert_eq!(available(&mut shop.client, lamp).unwrap(), 2);
    cancel_order(&mut shop.client, order.id).unwrap();
    assert_eq!(available(&mut shop.client, lamp).unwrap(), 5);
    let again = cancel_order(&mut shop.client, order.id);
    assert!(matches!(again, Err(ShopError::NotPossible)), "{again:?}");
}

#[test]
fn shipping_takes_the_pieces_out_of_the_warehouse() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let order = shop.order(&[(lamp, 2)]).unwrap();
    let early = ship_order(&mut shop.client, order.id, "too-early");
    assert!(matches!(early, Err(ShopError::NotPossible)), "{early:?}");
    let reference = format!("pay-{}", shop.tag);
    take_payment(&mut shop.client, order.id, &reference, order.total).unwrap();
    let tracking = format!("track-{}", shop.tag);
    ship_order(&mut shop.client, order.id, &tracking).unwrap();
    let (on_hand, reserved): (i32, i32) = {
        let row = shop
            .client
            .query_one("SELECT on_hand, reserved FROM inventory WHERE variant_id = $1", &[&lamp])
            .unwrap();
        (row.get(0), row.get(1))
    };
    assert_eq!((on_hand, reserved), (3, 0));
}

#[test]
fn an_order_never_goes_back() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let order = shop.order(&[(lamp, 1)]).unwrap();
    let skipped =
        shop.refusal("UPDATE orders SET status = 'delivered' WHERE id = $1", &[&order.id]);
    assert_eq!(skipped, SqlState::CHECK_VIOLATION);
    cancel_order(&mut shop.client, order.id).unwrap();
    let revived = shop.refusal("UPDATE orders SET status = 'pending' WHERE id = $1", &[&order.id]);
    assert_eq!(revived, SqlState::CHECK_VIOLATION);
}

#[test]
fn every_step_of_an_order_is_written_down() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let order = shop.order(&[(lamp, 1)]).unwrap();
    for status in ["paid", "shipped", "delivered", "returned"] {
        shop.run(
            "UPDATE orders SET status = $2::text::order_status WHERE id = $1",
            &[&order.id, &status],
        );
    }
    let steps: String = shop.one(
        "SELECT string_agg(new_status::text, ' ' ORDER BY id) FROM order_status_changes WHERE order_id = $1",
        &[&order.id],
    );
    assert_eq!(steps, "pending paid shipped delivered returned");
}
