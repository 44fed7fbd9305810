CREATE TABLE returns (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    bigint NOT NULL,
    line        integer NOT NULL,
    quantity    integer NOT NULL CHECK (quantity > 0),
    reason      text NOT NULL CHECK (reason <> ''),
    received_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (order_id, line) REFERENCES order_items
);

CREATE INDEX returns_by_order ON returns (order_id, line);
CREATE INDEX orders_returned ON orders (placed_at) WHERE status = 'returned';
GRANT SELECT ON returns TO shop_app;
