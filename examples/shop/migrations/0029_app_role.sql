-- The role that the shop's web process takes on: it sees the orders of one customer.
CREATE ROLE shop_app NOLOGIN;

GRANT USAGE ON SCHEMA public TO shop_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO shop_app;
GRANT INSERT, UPDATE, DELETE ON carts, cart_items, wishlists, wishlist_items TO shop_app;
GRANT INSERT ON reviews, events TO shop_app;
GRANT UPDATE (settings) ON customers TO shop_app;
REVOKE SELECT ON audit_log FROM shop_app;

ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY orders_of_customer ON orders FOR SELECT TO shop_app
    USING (customer_id = nullif(current_setting('shop.customer_id', true), '')::bigint);
