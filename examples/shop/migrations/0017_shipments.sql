CREATE TABLE shipments (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id      bigint NOT NULL REFERENCES orders,
    warehouse_id  bigint NOT NULL REFERENCES warehouses,
    tracking_code text UNIQUE,
    shipped_at    timestamptz NOT NULL DEFAULT now(),
    delivered_at  timestamptz,
    CHECK (delivered_at >= shipped_at)
);

CREATE INDEX shipments_by_order ON shipments (order_id);

CREATE TABLE shipment_items (
    shipment_id bigint NOT NULL REFERENCES shipments ON DELETE CASCADE,
    order_id    bigint NOT NULL,
    line        integer NOT NULL,
    quantity    integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shipment_id, order_id, line),
    FOREIGN KEY (order_id, line) REFERENCES order_items
);
