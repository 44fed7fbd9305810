CREATE TABLE warehouses (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code         text NOT NULL UNIQUE CHECK (code ~ '^[A-Z]{3}-[A-Z0-9]{1,12}$'),
    country_code country_code NOT NULL REFERENCES countries
);

CREATE TABLE inventory (
    warehouse_id bigint NOT NULL REFERENCES warehouses,
    variant_id   bigint NOT NULL REFERENCES product_variants,
    on_hand      integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved     integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    available    integer NOT NULL GENERATED ALWAYS AS (on_hand - reserved) STORED,
    PRIMARY KEY (warehouse_id, variant_id),
    CONSTRAINT inventory_not_oversold CHECK (reserved <= on_hand)
);

CREATE INDEX inventory_by_variant ON inventory (variant_id) WHERE on_hand > 0;

CREATE TABLE stock_movements (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    warehouse_id bigint NOT NULL,
    variant_id   bigint NOT NULL,
    reason       movement_reason NOT NULL,
    quantity     integer NOT NULL CHECK (quantity <> 0),
    moved_at     timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (warehouse_id, variant_id) REFERENCES inventory
);

CREATE INDEX stock_movements_by_variant ON stock_movements (variant_id, moved_at);
