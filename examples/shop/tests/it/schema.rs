//! Promises that the schema itself keeps.

use postgres::error::SqlState;

use crate::fixture::Corner;

#[test]
fn reference_data_is_there() {
    let mut shop = Corner::new();
    let tax: i32 = shop.one(
        "SELECT basis_points FROM tax_rates WHERE country_code = 'DE' AND label = 'standard'",
        &[],
    );
    assert_eq!(tax, 1_900);
    let methods: i64 = shop.one("SELECT count(*) FROM shipping_methods WHERE is_tracked", &[]);
    assert_eq!(methods, 2);
}

#[test]
fn prices_of_one_list_do_not_overlap() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 0);
    let insert = "INSERT INTO prices (price_list_id, variant_id, amount, during)
                  SELECT id, $1, 1500, tstzrange($2::text::timestamptz, $3::text::timestamptz)
                  FROM price_lists WHERE name = 'retail'";
    let overlap = shop.refusal(insert, &[&lamp, &"2000-01-01", &None::<&str>]);
    assert_eq!(overlap, SqlState::EXCLUSION_VIOLATION);
    assert_eq!(shop.run(insert, &[&lamp, &"2000-01-01", &Some("2001-01-01")]), 1);
    assert_eq!(shop.run(insert, &[&lamp, &"2001-01-01", &Some("2002-01-01")]), 1);
    let empty = shop.refusal(insert, &[&lamp, &"2003-01-01", &Some("2003-01-01")]);
    assert_eq!(empty, SqlState::CHECK_VIOLATION);
}

#[test]
fn an_email_address_has_one_open_account() {
    let mut shop = Corner::new();
    let insert = "INSERT INTO customers (email, first_name, last_name)
                  VALUES (upper($1) || '@example.org', 'Eve', 'Second')";
    let (tag, customer) = (shop.tag.clone(), shop.customer);
    assert_eq!(shop.refusal(insert, &[&tag]), SqlState::UNIQUE_VIOLATION);
    shop.run("UPDATE customers SET closed_at = now() WHERE id = $1", &[&customer]);
    assert_eq!(shop.run(insert, &[&tag]), 1);
}

#[test]
fn domains_refuse_what_they_do_not_mean() {
    let mut shop = Corner::new();
    for wrong in [
        "SELECT 'nobody'::email_address",
        "SELECT 'de'::country_code",
        "SELECT 'Two Words'::slug",
        "SELECT (-1)::cents",
    ] {
        assert_eq!(shop.refusal(wrong, &[]), SqlState::CHECK_VIOLATION, "{wrong}");
    }
}

#[test]
fn a_customer_has_one_open_cart() {
    let mut shop = Corner::new();
    let first = shop.cart(&[]);
    let customer = shop.customer;
    let insert = "INSERT INTO carts (customer_id) VALUES ($1)";
    assert_eq!(shop.refusal(insert, &[&customer]), SqlState::UNIQUE_VIOLATION);
    shop.run("UPDATE carts SET status = 'abandoned' WHERE id = $1", &[&first]);
    assert_eq!(shop.run(insert, &[&customer]), 1);
}

#[test]
fn generated_columns_follow_their_sources() {
    let mut shop = Corner::new();
    let customer = shop.customer;
    shop.run("UPDATE customers SET first_name = 'Grace' WHERE id = $1", &[&customer]);
    let name: String = shop.one("SELECT full_name FROM customers WHERE id = $1", &[&customer]);
    assert_eq!(name, format!("Grace {}", shop.tag));
    let written = shop.refusal("UPDATE customers SET full_name = 'X' WHERE id = $1", &[&customer]);
    // PostgreSQL 13 still calls it a syntax error.
    assert!([SqlState::GENERATED_ALWAYS, SqlState::SYNTAX_ERROR].contains(&written), "{written:?}");
}

#[test]
fn changes_of_prices_are_audited() {
    let mut shop = Corner::new();
    let (_, lamp) = shop.product("lamp", 2_000, 0);
    shop.run("UPDATE prices SET amount = 2500 WHERE variant_id = $1", &[&lamp]);
    let row = shop
        .client
        .query_one(
            "SELECT (old_row ->> 'amount')::bigint, (new_row ->> 'amount')::bigint FROM audit_log
             WHERE table_name = 'prices' AND operation = 'UPDATE'
               AND row_id = (SELECT id FROM prices WHERE variant_id = $1)",
            &[&lamp],
        )
        .unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2_000, 2_500));
}

#[test]
fn events_go_to_the_partition_of_their_year() {
    let mut shop = Corner::new();
    let tag = shop.tag.clone();
    for (moment, partition) in [
        ("2025-06-01 12:00:00+00", "events_2025"),
        ("2026-01-01 00:00:00+00", "events_2026"),
        ("1999-12-31 23:59:59+00", "events_rest"),
    ] {
        let landed: String = shop.one(
            "INSERT INTO events (happened_at, name, payload)
             VALUES ($1::text::timestamptz, 'visit', jsonb_build_object('tag', $2::text))
             RETURNING tableoid::regclass::text",
            &[&moment, &tag],
        );
        assert_eq!(landed, partition, "{moment}");
    }
}

#[test]
fn a_low_rating_explains_itself() {
    let mut shop = Corner::new();
    let (product, _) = shop.product("lamp", 2_000, 0);
    let customer = shop.customer;
    let insert =
        "INSERT INTO reviews (product_id, customer_id, rating, body) VALUES ($1, $2, $3, $4)";
    let curt = shop.refusal(insert, &[&product, &customer, &1_i16, &"bad"]);
    assert_eq!(curt, SqlState::CHECK_VIOLATION);
    assert_eq!(shop.run(insert, &[&product, &customer, &1_i16, &"It arrived in pieces."]), 1);
    let twice = shop.refusal(insert, &[&product, &customer, &5_i16, &""]);
    assert_eq!(twice, SqlState::UNIQUE_VIOLATION);
}

#[test]
fn a_touched_product_remembers_when() {
    let mut shop = Corner::new();
    let (product, _) = shop.product("lamp", 2_000, 0);
    let moved = "SELECT updated_at > created_at FROM products WHERE id = $1";
    shop.run("UPDATE products SET name = name WHERE id = $1", &[&product]);
    assert!(!shop.one::<bool>(moved, &[&product]), "nothing changed");
    shop.run("UPDATE products SET name = 'Renamed' WHERE id = $1", &[&product]);
    assert!(shop.one::<bool>(moved, &[&product]));
}

#[test]
fn the_index_built_concurrently_is_valid() {
    let mut shop = Corner::new();
    let valid: bool = shop.one(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'order_items_by_variant'::regclass",
        &[],
    );
    assert!(valid);
}
