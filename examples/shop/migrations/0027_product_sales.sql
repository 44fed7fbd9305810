CREATE MATERIALIZED VIEW product_sales AS
SELECT v.product_id, count(DISTINCT o.id) AS orders, sum(i.quantity)::bigint AS pieces, sum(i.line_total)::bigint AS revenue
FROM public.order_items i
JOIN public.orders o ON o.id = i.order_id AND o.status::text <> 'cancelled'
JOIN public.product_variants v ON v.id = i.variant_id
GROUP BY v.product_id
WITH DATA;

-- REFRESH MATERIALIZED VIEW CONCURRENTLY needs a unique index.
CREATE UNIQUE INDEX product_sales_by_product ON product_sales (product_id);
