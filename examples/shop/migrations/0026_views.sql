CREATE VIEW current_prices AS
SELECT p.variant_id, l.name AS price_list, l.currency_code, p.amount
FROM prices p
JOIN price_lists l ON l.id = p.price_list_id
WHERE p.during @> now();

CREATE VIEW available_stock AS
SELECT v.product_id, v.id AS variant_id, v.sku, coalesce(sum(i.available), 0)::bigint AS available
FROM product_variants v
LEFT JOIN inventory i ON i.variant_id = v.id
GROUP BY v.id;

CREATE VIEW order_summaries AS
SELECT o.id, o.number, o.customer_id, c.full_name, o.status, o.total, o.placed_at,
       count(i.line) AS lines, coalesce(sum(i.quantity), 0)::bigint AS pieces
FROM orders o
JOIN customers c ON c.id = o.customer_id
LEFT JOIN order_items i ON i.order_id = o.id
GROUP BY o.id, c.id;
