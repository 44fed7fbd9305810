//! Warehouses.

use postgres::error::SqlState;
use shop::{available, restock};

use crate::fixture::Corner;

#[test]
fn restocking_adds_and_is_written_down() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let warehouse = shop.warehouse;
    restock(&mut shop.client, warehouse, lamp, 10).unwrap();
    assert_eq!(available(&mut shop.client, lamp).unwrap(), 15);
    let moved: i64 = shop.one(
        "SELECT sum(quantity) FROM stock_movements WHERE variant_id = $1 AND reason = 'restock'",
        &[&lamp],
    );
    assert_eq!(moved, 15);
}

#[test]
fn a_variant_without_stock_has_none_available() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 0);
    assert_eq!(available(&mut shop.client, lamp).unwrap(), 0);
}

#[test]
fn more_than_is_there_cannot_be_reserved() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 5);
    let oversold =
        shop.refusal("UPDATE inventory SET reserved = 6 WHERE variant_id = $1", &[&lamp]);
    assert_eq!(oversold, SqlState::CHECK_VIOLATION);
}
