//! Every program on every table: 13 × 38 tests.

use crate::cross::cross;
use crate::program;
use crate::trial;

fn run(table: &str, program: &str) {
    let program = program::named(program);
    trial::play(|database| program(database, table));
}

cross! {
    [
        addresses audit_log cart_items carts categories countries coupon_redemptions coupons
        currencies customers events events_2025 events_2026 events_rest inventory order_items
        order_status_changes orders payments price_lists prices product_categories product_images
        product_suppliers product_variants products refunds returns reviews shipment_items shipments
        shipping_methods stock_movements suppliers tax_rates warehouses wishlist_items wishlists
    ]
    [
        copy cursor delete lock savepoints sequence temporary_copy truncate truncate_and_restart
        truncate_taken_back two_writers update upsert
    ]
    crate::table::run
}
