-- no-transaction
CREATE INDEX CONCURRENTLY order_items_by_variant ON order_items (variant_id);
