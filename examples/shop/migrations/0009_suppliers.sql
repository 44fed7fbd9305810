CREATE TABLE suppliers (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    country_code country_code NOT NULL REFERENCES countries,
    email        email_address
);

CREATE UNIQUE INDEX suppliers_name_once ON suppliers (lower(name), country_code);

CREATE TABLE product_suppliers (
    product_id    bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    supplier_id   bigint NOT NULL REFERENCES suppliers,
    supplier_code text NOT NULL,
    lead_days     integer NOT NULL DEFAULT 7 CHECK (lead_days >= 0),
    PRIMARY KEY (product_id, supplier_id),
    UNIQUE (supplier_id, supplier_code)
);
