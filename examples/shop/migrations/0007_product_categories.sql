CREATE TABLE product_categories (
    product_id  bigint NOT NULL REFERENCES products ON DELETE CASCADE,
    category_id bigint NOT NULL REFERENCES categories,
    position    integer NOT NULL DEFAULT 0,
    PRIMARY KEY (product_id, category_id)
);

CREATE INDEX product_categories_by_category ON product_categories (category_id, position);
