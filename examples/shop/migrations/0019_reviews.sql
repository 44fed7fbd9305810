CREATE TABLE reviews (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id  bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    customer_id bigint NOT NULL REFERENCES customers,
    rating      smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body        text NOT NULL DEFAULT '',
    published   boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (product_id, customer_id),
    CONSTRAINT reviews_explain_low_ratings CHECK (rating > 2 OR length(body) >= 10)
);

CREATE INDEX reviews_published ON reviews (product_id, created_at DESC) WHERE published;
