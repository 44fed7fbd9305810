//! Changes of the schema, each with a change of rows: the database cannot be rewound and is
//! replaced, and what was marked is there again.

use crate::program::commit;
use crate::trial;

macro_rules! definitions {
    ($($name:ident: $statement:literal,)*) => {
        $(#[test] fn $name() { change($statement); })*
    };
}

fn change(statement: &str) {
    trial::play(|database| {
        let rows = "UPDATE customers SET settings = '{\"theme\": \"dark\"}'; DELETE FROM reviews";
        database.two.batch_execute(rows).unwrap();
        let outcome = commit(&mut database.one, |transaction| {
            transaction.batch_execute(statement)?;
            Ok("done".to_owned())
        });
        assert_eq!(outcome, "done");
        outcome
    });
}

definitions! {
    a_column_is_added: "ALTER TABLE customers ADD COLUMN phone text NOT NULL DEFAULT ''",
    a_column_is_dropped: "ALTER TABLE reviews DROP COLUMN body",
    a_column_is_renamed: "ALTER TABLE wishlists RENAME COLUMN name TO title",
    a_column_changes_its_type: "ALTER TABLE tax_rates ALTER COLUMN basis_points TYPE bigint",
    a_default_is_set: "ALTER TABLE products ALTER COLUMN active SET DEFAULT false",
    a_constraint_is_added: "ALTER TABLE products ADD CONSTRAINT named CHECK (name <> 'x')",
    a_constraint_is_dropped: "ALTER TABLE coupons DROP CONSTRAINT coupons_not_overused",
    an_index_is_created: "CREATE INDEX customers_by_name ON customers (last_name)",
    an_index_is_dropped: "DROP INDEX customers_email_once",
    a_table_is_created: "CREATE TABLE notes (id serial PRIMARY KEY, body text); INSERT INTO notes (body) VALUES ('x')",
    a_table_is_dropped: "DROP TABLE wishlist_items",
    a_table_is_renamed: "ALTER TABLE refunds RENAME TO paybacks",
    a_table_becomes_unlogged: "ALTER TABLE returns SET UNLOGGED",
    a_view_is_replaced: "CREATE OR REPLACE VIEW current_prices AS SELECT 1::bigint AS variant_id, 'x'::text AS price_list, 'EUR'::currency_code AS currency_code, 1::cents AS amount",
    a_function_is_replaced: "CREATE OR REPLACE FUNCTION count_redemption() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    a_trigger_is_dropped: "DROP TRIGGER orders_audited ON orders",
    a_trigger_is_disabled: "ALTER TABLE orders DISABLE TRIGGER orders_moved; UPDATE orders SET status = 'delivered'",
    a_type_gets_a_value: "ALTER TYPE cart_status ADD VALUE 'lost'",
    a_domain_is_created: "CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100)",
    a_sequence_is_altered: "ALTER SEQUENCE order_numbers INCREMENT BY 10; SELECT next_order_number()",
    a_schema_is_created: "CREATE SCHEMA archive; CREATE TABLE archive.orders AS SELECT * FROM public.orders",
    a_right_is_granted: "GRANT DELETE ON orders TO shop_app",
    a_policy_is_created: "CREATE POLICY all_orders ON orders FOR DELETE TO shop_app USING (true)",
    a_partition_is_detached: "ALTER TABLE events DETACH PARTITION events_2025; DELETE FROM events_2025",
    a_partition_is_created: "DELETE FROM events_rest; CREATE TABLE events_2031 PARTITION OF events FOR VALUES FROM ('2031-01-01') TO ('2032-01-01'); INSERT INTO events (happened_at, name) VALUES ('2031-05-05', 'new')",
    a_materialized_view_is_refreshed: "REFRESH MATERIALIZED VIEW product_sales",
    a_comment_is_written: "COMMENT ON TABLE orders IS 'What was ordered'",
    a_setting_of_the_database_changes: "DO 'BEGIN EXECUTE format($$ALTER DATABASE %I SET work_mem = ''3MB''$$, current_database()); END'",
    statistics_are_created: "CREATE STATISTICS cities (dependencies) ON city, postal_code FROM addresses",
    a_table_is_clustered: "CLUSTER orders USING orders_pkey",
}
