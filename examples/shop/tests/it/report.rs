//! Reports.

use shop::{cancel_order, refresh_sales, revenue_of, sales_by_category};

use crate::fixture::Corner;

#[test]
fn revenue_is_what_was_sold_at_the_last_refresh() {
    let mut shop = Corner::new();
    let (product, lamp) = shop.product("lamp", 2_000, 9);
    shop.order(&[(lamp, 2)]).unwrap();
    let cancelled = shop.order(&[(lamp, 3)]).unwrap();
    cancel_order(&mut shop.client, cancelled.id).unwrap();
    refresh_sales(&mut shop.client).unwrap();
    assert_eq!(revenue_of(&mut shop.client, product).unwrap(), 4_000);
}

#[test]
fn sales_of_a_category_include_what_lies_below() {
    let mut shop = Corner::new();
    let root = format!("root-{}", shop.tag);
    let leaf = format!("leaf-{}", shop.tag);
    let above: i64 = shop.one(
        "INSERT INTO categories (slug, name) VALUES ($1::text, 'Root') RETURNING id",
        &[&root],
    );
    let below: i64 = shop.one(
        "INSERT INTO categories (slug, name, parent_id) VALUES ($1::text, 'Leaf', $2) RETURNING id",
        &[&leaf, &above],
    );
    let (product, lamp) = shop.product("lamp", 2_000, 9);
    shop.run(
        "INSERT INTO product_categories (product_id, category_id) VALUES ($1, $2)",
        &[&product, &below],
    );
    shop.order(&[(lamp, 2)]).unwrap();
    let sales: Vec<(String, i64, i64)> = sales_by_category(&mut shop.client, &root)
        .unwrap()
        .into_iter()
        .map(|sales| (sales.path, sales.pieces, sales.revenue))
        .collect();
    assert_eq!(sales, [(root.clone(), 2, 4_000), (format!("{root}/{leaf}"), 2, 4_000)]);
}
