//! From a cart to an order on its way.

use postgres::{Client, Transaction};

use crate::ShopError;

/// What a customer decides at the till.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// The open cart that becomes the order.
    pub cart: i64,
    /// The address it goes to.
    pub ship_to: i64,
    /// The code of a row of `shipping_methods`.
    pub shipping_method: String,
    /// The name of the price list, which decides the currency.
    pub price_list: String,
    /// A coupon's code, in any case of letters.
    pub coupon: Option<String>,
}

/// An order as the shop shows it. Amounts are in the smallest unit of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its key.
    pub id: i64,
    /// The number that customers quote.
    pub number: String,
    /// Sum of its lines.
    pub goods: i64,
    /// What the coupon takes off.
    pub discount: i64,
    /// Tax on goods less discount.
    pub tax: i64,
    /// What is to be paid.
    pub total: i64,
}

/// Turns a cart into an order: all of it happens, or nothing.
pub fn place_order(client: &mut Client, new: &NewOrder) -> Result<Order, ShopError> {
    let mut transaction = client.transaction()?;
    let cart = transaction.query_opt(
        "SELECT customer_id FROM carts WHERE id = $1 AND status = 'open' FOR UPDATE",
        &[&new.cart],
    )?;
    let customer: i64 = cart.ok_or(ShopError::EmptyCart)?.get(0);
    reserve(&mut transaction, new.cart)?;

    let order: i64 = transaction
        .query_one(
            "INSERT INTO orders (customer_id, cart_id, currency_code, shipping_method, ship_to, shipping)
             SELECT $1, $2, l.currency_code, m.code, $3, m.cost
             FROM price_lists l, shipping_methods m
             WHERE l.name = $4 AND m.code = $5::text
             RETURNING id",
            &[&customer, &new.cart, &new.ship_to, &new.price_list, &new.shipping_method],
        )?
        .get(0);
    transaction.execute(
        "INSERT INTO order_items (order_id, line, variant_id, quantity, unit_price)
         SELECT $1, row_number() OVER (ORDER BY i.variant_id), i.variant_id, i.quantity, price_of(l.id, i.variant_id)
         FROM cart_items i, price_lists l
         WHERE i.cart_id = $2 AND l.name = $3",
        &[&order, &new.cart, &new.price_list],
    )?;
    transaction.execute(
        "UPDATE orders SET goods = (SELECT sum(line_total) FROM order_items WHERE order_id = $1)
         WHERE id = $1",
        &[&order],
    )?;
    if let Some(code) = &new.coupon {
        redeem(&mut transaction, order, customer, code)?;
    }
    // Tax comes last: it is due on what is left after the discount.
    let row = transaction.query_one(
        "UPDATE orders o SET tax = (o.goods - o.discount) * r.basis_points / 10000
         FROM addresses a JOIN tax_rates r ON r.country_code = a.country_code AND r.label = 'standard'
         WHERE o.id = $1 AND a.id = o.ship_to
         RETURNING o.number, o.goods, o.discount, o.tax, o.total",
        &[&order],
    )?;
    transaction.execute("UPDATE carts SET status = 'ordered' WHERE id = $1", &[&new.cart])?;
    transaction.commit()?;
    Ok(Order {
        id: order,
        number: row.get(0),
        goods: row.get(1),
        discount: row.get(2),
        tax: row.get(3),
        total: row.get(4),
    })
}

fn reserve(transaction: &mut Transaction<'_>, cart: i64) -> Result<(), ShopError> {
    // Always in the order of variants, so that two carts never lock each other out.
    let rows = transaction.query(
        "SELECT v.sku, i.variant_id, i.quantity
         FROM cart_items i JOIN product_variants v ON v.id = i.variant_id
         WHERE i.cart_id = $1 ORDER BY i.variant_id",
        &[&cart],
    )?;
    if rows.is_empty() {
        return Err(ShopError::EmptyCart);
    }
    for row in rows {
        let (variant, quantity): (i64, i32) = (row.get(1), row.get(2));
        let missing: i32 =
            transaction.query_one("SELECT reserve_stock($1, $2)", &[&variant, &quantity])?.get(0);
        if missing > 0 {
            return Err(ShopError::OutOfStock { sku: row.get(0), missing });
        }
    }
    Ok(())
}

fn redeem(
    transaction: &mut Transaction<'_>,
    order: i64,
    customer: i64,
    code: &str,
) -> Result<(), ShopError> {
    let redeemed = transaction.query_opt(
        "INSERT INTO coupon_redemptions (coupon_id, order_id, customer_id)
         SELECT id, $1, $2 FROM coupons
         WHERE lower(code) = lower($3) AND valid @> now() AND (max_uses IS NULL OR uses < max_uses)
         FOR UPDATE
         ON CONFLICT DO NOTHING
         RETURNING coupon_id",
        &[&order, &customer, &code],
    )?;
    let coupon: i64 = redeemed.ok_or(ShopError::CouponUnusable)?.get(0);
    transaction.execute(
        "UPDATE orders o SET discount = least(o.goods, coalesce(c.amount, o.goods * c.basis_points / 10000))
         FROM coupons c WHERE c.id = $2 AND o.id = $1",
        &[&order, &coupon],
    )?;
    Ok(())
}

/// Sends all lines of a paid order from one warehouse and takes them out of its stock.
/// Returns the shipment's key.
pub fn ship_order(client: &mut Client, order: i64, tracking_code: &str) -> Result<i64, ShopError> {
    let mut transaction = client.transaction()?;
    let moved = transaction.execute(
        "UPDATE orders SET status = 'shipped' WHERE id = $1 AND status = 'paid'",
        &[&order],
    )?;
    if moved == 0 {
        return Err(ShopError::NotPossible);
    }
    let shipment = transaction.query_opt(
        "INSERT INTO shipments (order_id, warehouse_id, tracking_code)
         SELECT $1, w.id, $2 FROM warehouses w
         WHERE NOT EXISTS (
            SELECT FROM order_items i
            LEFT JOIN inventory s ON s.variant_id = i.variant_id AND s.warehouse_id = w.id
            WHERE i.order_id = $1 AND coalesce(s.reserved, 0) < i.quantity)
         ORDER BY w.id LIMIT 1
         RETURNING id",
        &[&order, &tracking_code],
    )?;
    let shipment: i64 = shipment.ok_or(ShopError::NotPossible)?.get(0);
    transaction.execute(
        "INSERT INTO shipment_items (shipment_id, order_id, line, quantity)
         SELECT $1, order_id, line, quantity FROM order_items WHERE order_id = $2",
        &[&shipment, &order],
    )?;
    transaction.execute(
        "WITH sent AS (
            SELECT s.warehouse_id, i.variant_id, i.quantity
            FROM shipments s JOIN order_items i ON i.order_id = s.order_id WHERE s.id = $1
         ), taken AS (
            UPDATE inventory v SET on_hand = on_hand - sent.quantity, reserved = reserved - sent.quantity
            FROM sent WHERE v.warehouse_id = sent.warehouse_id AND v.variant_id = sent.variant_id
            RETURNING v.warehouse_id, v.variant_id, sent.quantity
         )
         INSERT INTO stock_movements (warehouse_id, variant_id, reason, quantity)
         SELECT warehouse_id, variant_id, 'ship', -quantity FROM taken",
        &[&shipment],
    )?;
    transaction.commit()?;
    Ok(shipment)
}

/// Cancels an order that has not been shipped and gives its stock back.
pub fn cancel_order(client: &mut Client, order: i64) -> Result<(), ShopError> {
    let mut transaction = client.transaction()?;
    let moved = transaction.execute(
        "UPDATE orders SET status = 'cancelled' WHERE id = $1 AND status IN ('pending', 'paid')",
        &[&order],
    )?;
    if moved == 0 {
        return Err(ShopError::NotPossible);
    }
    let lines = transaction.query(
        "SELECT variant_id, quantity FROM order_items WHERE order_id = $1 ORDER BY variant_id",
        &[&order],
    )?;
    for line in lines {
        release(&mut transaction, line.get(0), line.get(1))?;
    }
    transaction.commit()?;
    Ok(())
}

fn release(
    transaction: &mut Transaction<'_>,
    variant: i64,
    mut quantity: i32,
) -> Result<(), ShopError> {
    let places = transaction.query(
        "SELECT warehouse_id, reserved FROM inventory
         WHERE variant_id = $1 AND reserved > 0 ORDER BY warehouse_id FOR UPDATE",
        &[&variant],
    )?;
    for place in places {
        let (warehouse, reserved): (i64, i32) = (place.get(0), place.get(1));
        let back = quantity.min(reserved);
        if back == 0 {
            break;
        }
        transaction.execute(
            "UPDATE inventory SET reserved = reserved - $3 WHERE warehouse_id = $1 AND variant_id = $2",
            &[&warehouse, &variant, &back],
        )?;
        transaction.execute(
            "INSERT INTO stock_movements (warehouse_id, variant_id, reason, quantity)
             VALUES ($1, $2, 'release', -$3::integer)",
            &[&warehouse, &variant, &back],
        )?;
        quantity -= back;
    }
    Ok(())
}
