//! The shop's own functions: an order from the cart to its end, 3 × 10 ways.

use shop::{
    NewOrder, available, cancel_order, place_order, refresh_sales, refund, restock, revenue_of,
    ship_order, take_payment,
};

use crate::cross::cross;
use crate::lease::Lease;
use crate::trial;

/// `way` is what happens to the order, and how many pieces it is of.
fn run(shipping_method: &str, way: &str) {
    let (end, pieces) = way.rsplit_once('_').unwrap();
    let pieces: i32 = pieces.parse().unwrap();
    trial::play(|database| follow(database, shipping_method, end, pieces));
}

fn follow(database: &mut Lease, shipping_method: &str, end: &str, pieces: i32) -> String {
    let (shop, till) = (&mut database.one, &mut database.two);
    shop.execute("UPDATE cart_items SET quantity = $1 WHERE cart_id = 1", &[&pieces]).unwrap();
    restock(till, 2, 3, 10 * pieces).unwrap();
    let new = NewOrder {
        cart: 1,
        ship_to: 1,
        shipping_method: shipping_method.to_owned(),
        price_list: "retail".to_owned(),
        coupon: (pieces % 2 == 0).then(|| "half-off".to_owned()),
    };
    let order = place_order(shop, &new).unwrap();
    assert_eq!(order.id, 3, "ids are the same each time");
    assert!(order.number.ends_with("-00001002"), "{}", order.number);
    let mut told = format!("{order:?}");
    if end != "cancelled" {
        let payment = take_payment(till, order.id, "pay-3", order.total).unwrap();
        told += &format!(", payment {payment}");
        let shipment = ship_order(shop, order.id, "TRACK-3").unwrap();
        told += &format!(", shipment {shipment}");
        refund(till, payment, 10, "late").unwrap();
        refresh_sales(shop).unwrap();
        told += &format!(", revenue {}", revenue_of(till, 1).unwrap());
    } else {
        cancel_order(till, order.id).unwrap();
    }
    let (lamps, vases) = (available(shop, 1).unwrap(), available(till, 3).unwrap());
    format!("{told}, {lamps} lamps and {vases} vases left")
}

cross! {
    [letter parcel express]
    [
        shipped_1 shipped_2 shipped_3 shipped_4 shipped_5
        cancelled_1 cancelled_2 cancelled_3 cancelled_4 cancelled_5
    ]
    crate::order::run
}
