CREATE TABLE price_lists (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text NOT NULL UNIQUE,
    currency_code currency_code NOT NULL REFERENCES currencies
);

-- Two prices of one variant on one list never hold at the same moment. The keys
-- are compared as one-element ranges: GiST of core can do that, so that the
-- schema needs no extension and runs on servers built without contrib.
CREATE TABLE prices (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    price_list_id bigint NOT NULL REFERENCES price_lists,
    variant_id    bigint NOT NULL REFERENCES product_variants ON DELETE CASCADE,
    amount        cents NOT NULL,
    during        tstzrange NOT NULL CHECK (NOT isempty(during)),
    CONSTRAINT prices_do_not_overlap EXCLUDE USING gist (
        int8range(price_list_id, price_list_id, '[]') WITH &&,
        int8range(variant_id, variant_id, '[]') WITH &&,
        during WITH &&
    )
);

CREATE INDEX prices_by_variant ON prices (variant_id, price_list_id);
