CREATE TABLE wishlists (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    name        text NOT NULL,
    UNIQUE (customer_id, name)
);

CREATE TABLE wishlist_items (
    wishlist_id bigint NOT NULL REFERENCES wishlists ON DELETE CASCADE,
    product_id  bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    added_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (wishlist_id, product_id)
);
