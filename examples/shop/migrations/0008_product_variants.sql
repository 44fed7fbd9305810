CREATE TABLE product_variants (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id   bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    sku          text NOT NULL UNIQUE CHECK (sku ~ '^[A-Z0-9-]{3,40}$'),
    label        text NOT NULL DEFAULT '',
    weight_grams integer NOT NULL CHECK (weight_grams > 0),
    UNIQUE (product_id, label),
    UNIQUE (product_id, id)
);

-- A product and its default variant point at each other: the check waits for COMMIT.
ALTER TABLE products ADD COLUMN default_variant_id bigint;
ALTER TABLE products
    ADD CONSTRAINT products_default_variant
    FOREIGN KEY (id, default_variant_id) REFERENCES product_variants (product_id, id)
    DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE product_images (
    product_id bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    position   integer NOT NULL CHECK (position >= 1),
    path       text NOT NULL,
    alt_text   text NOT NULL,
    PRIMARY KEY (product_id, position)
);
