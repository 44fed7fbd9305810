-- Rows in every table, always the same, with the keys that the sequences give.
BEGIN;
INSERT INTO customers (email, first_name, last_name) VALUES
    ('ada@example.org', 'Ada', 'A'), ('ben@example.org', 'Ben', 'B'), ('cem@example.org', 'Cem', 'C');
INSERT INTO addresses (customer_id, kind, street, city, postal_code, country_code, is_default)
SELECT id, 'shipping', 'Lindenweg 1', 'Leipzig', '04109', 'DE', true FROM customers ORDER BY id;
INSERT INTO products (slug, name, tags) VALUES
    ('lamp', 'Lamp', '{light}'), ('vase', 'Vase', '{}'), ('map', 'Map', '{paper,outdoor}');
INSERT INTO product_categories (product_id, category_id)
SELECT p.id, c.id FROM products p, categories c WHERE c.slug IN ('kitchen', 'garden');
INSERT INTO product_variants (product_id, sku, label, weight_grams)
SELECT p.id, upper(p.slug) || '-' || n, 'size ' || n, 100 * n FROM products p, generate_series(1, 2) n ORDER BY p.id, n;
UPDATE products p SET default_variant_id = (SELECT min(id) FROM product_variants v WHERE v.product_id = p.id);
INSERT INTO product_images (product_id, position, path, alt_text)
SELECT id, 1, slug || '.jpg', repeat('A picture of ' || name || '. ', 200) FROM products;
INSERT INTO suppliers (name, country_code) VALUES ('North', 'DE'), ('South', 'AT');
INSERT INTO product_suppliers (product_id, supplier_id, supplier_code)
SELECT p.id, s.id, p.slug FROM products p, suppliers s;
INSERT INTO warehouses (code, country_code) VALUES ('LEJ-1', 'DE'), ('VIE-1', 'AT');
CALL restock(1, 1, 50);
CALL restock(1, 3, 50);
CALL restock(2, 1, 20);
INSERT INTO prices (price_list_id, variant_id, amount, during)
SELECT l.id, v.id, 1000 * v.id, tstzrange('2020-01-01', NULL) FROM price_lists l, product_variants v ORDER BY v.id;
INSERT INTO coupons (code, basis_points, valid) VALUES
    ('TENTH-OFF', 1000, tstzrange('2020-01-01', NULL)), ('HALF-OFF', 5000, tstzrange('2020-01-01', NULL));
INSERT INTO carts (customer_id) SELECT id FROM customers ORDER BY id;
INSERT INTO cart_items (cart_id, variant_id, quantity) VALUES (1, 1, 1), (1, 3, 2), (2, 1, 1), (3, 3, 1);
UPDATE carts SET status = 'ordered' WHERE id IN (2, 3);
INSERT INTO orders (customer_id, cart_id, currency_code, shipping_method, ship_to, goods) VALUES
    (2, 2, 'EUR', 'parcel', 2, 1000), (3, 3, 'EUR', 'express', 3, 3000);
INSERT INTO order_items (order_id, line, variant_id, quantity, unit_price) VALUES (1, 1, 1, 1, 1000), (2, 1, 3, 1, 3000);
UPDATE orders SET status = 'paid' WHERE id = 1;
INSERT INTO payments (order_id, reference, status, amount, captured_at) VALUES
    (1, 'pay-1', 'captured', 1490, now()), (2, 'pay-2', 'failed', 4490, NULL);
INSERT INTO refunds (payment_id, amount, reason) VALUES (1, 100, 'scratched'), (1, 200, 'late');
INSERT INTO shipments (order_id, warehouse_id, tracking_code) VALUES (1, 1, 'TRACK-1'), (2, 2, 'TRACK-2');
INSERT INTO shipment_items (shipment_id, order_id, line, quantity) VALUES (1, 1, 1, 1), (2, 2, 1, 1);
INSERT INTO coupon_redemptions (coupon_id, order_id, customer_id) VALUES (1, 1, 2), (2, 2, 3);
INSERT INTO reviews (product_id, customer_id, rating, published) SELECT id, id, 5, true FROM products ORDER BY id;
INSERT INTO wishlists (customer_id, name) SELECT id, 'birthday' FROM customers ORDER BY id;
INSERT INTO wishlist_items (wishlist_id, product_id) SELECT w.id, p.id FROM wishlists w, products p;
INSERT INTO events (happened_at, name, customer_id) VALUES
    ('2025-06-01', 'visit', 1), ('2025-07-01', 'visit', 2), ('2026-06-01', 'order', 2), ('2026-07-01', 'order', 3),
    ('2031-01-01', 'plan', NULL), ('2032-01-01', 'plan', 1);
INSERT INTO returns (order_id, line, quantity, reason) VALUES (1, 1, 1, 'broken'), (2, 1, 1, 'wrong colour');
COMMIT;
