CREATE SEQUENCE order_numbers START WITH 1000;

CREATE FUNCTION next_order_number() RETURNS text
LANGUAGE sql VOLATILE AS $$
    SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY') || '-' || lpad(nextval('order_numbers')::text, 8, '0')
$$;

CREATE TABLE orders (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number          text NOT NULL DEFAULT next_order_number() UNIQUE,
    customer_id     bigint NOT NULL REFERENCES customers,
    cart_id         bigint UNIQUE REFERENCES carts,
    status          order_status NOT NULL DEFAULT 'pending',
    currency_code   currency_code NOT NULL REFERENCES currencies,
    shipping_method slug NOT NULL REFERENCES shipping_methods,
    ship_to         bigint NOT NULL REFERENCES addresses,
    goods           cents NOT NULL DEFAULT 0,
    discount        cents NOT NULL DEFAULT 0,
    shipping        cents NOT NULL DEFAULT 0,
    tax             cents NOT NULL DEFAULT 0,
    total           bigint NOT NULL GENERATED ALWAYS AS (goods - discount + shipping + tax) STORED,
    placed_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT orders_discount_bounded CHECK (discount <= goods)
);

CREATE INDEX orders_by_customer ON orders (customer_id, placed_at DESC);
CREATE INDEX orders_open ON orders (placed_at) WHERE status IN ('pending', 'paid');

CREATE TABLE order_items (
    order_id   bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
    line       integer NOT NULL CHECK (line >= 1),
    variant_id bigint NOT NULL REFERENCES product_variants,
    quantity   integer NOT NULL CHECK (quantity > 0),
    unit_price cents NOT NULL,
    line_total bigint NOT NULL GENERATED ALWAYS AS (quantity * unit_price) STORED,
    PRIMARY KEY (order_id, line),
    UNIQUE (order_id, variant_id)
);
