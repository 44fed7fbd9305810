CREATE TABLE addresses (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id  bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    kind         address_kind NOT NULL,
    street       text NOT NULL,
    city         text NOT NULL,
    postal_code  text NOT NULL CHECK (length(postal_code) BETWEEN 2 AND 12),
    country_code country_code NOT NULL REFERENCES countries,
    is_default   boolean NOT NULL DEFAULT false
);

CREATE INDEX addresses_by_customer ON addresses (customer_id);
CREATE UNIQUE INDEX addresses_one_default ON addresses (customer_id, kind) WHERE is_default;
