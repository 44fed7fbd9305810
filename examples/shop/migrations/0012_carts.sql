CREATE TABLE carts (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    status      cart_status NOT NULL DEFAULT 'open',
    updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX carts_one_open ON carts (customer_id) WHERE status = 'open';

CREATE TABLE cart_items (
    cart_id    bigint NOT NULL REFERENCES carts ON DELETE CASCADE,
    variant_id bigint NOT NULL REFERENCES product_variants,
    quantity   integer NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    PRIMARY KEY (cart_id, variant_id)
);

CREATE TRIGGER carts_touch
    BEFORE UPDATE ON carts
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
