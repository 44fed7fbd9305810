//! Money in and money back.

use postgres::Client;

use crate::ShopError;

/// Books the payment of an order. The provider's `reference` makes it idempotent:
/// a second call with the same one changes nothing and returns the same key.
pub fn take_payment(
    client: &mut Client,
    order: i64,
    reference: &str,
    amount: i64,
) -> Result<i64, ShopError> {
    let mut transaction = client.transaction()?;
    let locked = transaction
        .query_opt("SELECT total, status::text FROM orders WHERE id = $1 FOR UPDATE", &[&order])?
        .ok_or(ShopError::NotPossible)?;
    let known = transaction.query_opt(
        "SELECT id FROM payments WHERE reference = $1 AND order_id = $2",
        &[&reference, &order],
    )?;
    if let Some(row) = known {
        return Ok(row.get(0));
    }
    let (due, status): (i64, String) = (locked.get(0), locked.get(1));
    if status != "pending" {
        return Err(ShopError::NotPossible);
    }
    if amount != due {
        return Err(ShopError::WrongAmount { due });
    }
    let payment = transaction
        .query_one(
            "INSERT INTO payments (order_id, reference, status, amount, captured_at)
             VALUES ($1, $2, 'captured', $3::bigint, now()) RETURNING id",
            &[&order, &reference, &amount],
        )?
        .get(0);
    transaction.execute("UPDATE orders SET status = 'paid' WHERE id = $1", &[&order])?;
    transaction.commit()?;
    Ok(payment)
}

/// Pays part of a payment back. That refunds never exceed it is checked at COMMIT.
pub fn refund(
    client: &mut Client,
    payment: i64,
    amount: i64,
    reason: &str,
) -> Result<(), ShopError> {
    let mut transaction = client.transaction()?;
    transaction.execute(
        "INSERT INTO refunds (payment_id, amount, reason) VALUES ($1, $2::bigint, $3)",
        &[&payment, &amount, &reason],
    )?;
    transaction.execute(
        "UPDATE payments SET status = 'refunded' WHERE id = $1
         AND amount = (SELECT sum(amount) FROM refunds WHERE payment_id = $1)",
        &[&payment],
    )?;
    transaction.commit()?;
    Ok(())
}
