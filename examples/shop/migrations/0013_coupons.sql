CREATE TABLE coupons (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code         text NOT NULL CHECK (code ~ '^[A-Za-z0-9-]{4,32}$'),
    basis_points integer CHECK (basis_points BETWEEN 1 AND 10000),
    amount       cents,
    valid        tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    max_uses     integer CHECK (max_uses > 0),
    uses         integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
    CONSTRAINT coupons_one_kind CHECK (num_nonnulls(basis_points, amount) = 1),
    CONSTRAINT coupons_not_overused CHECK (max_uses IS NULL OR uses <= max_uses)
);

CREATE UNIQUE INDEX coupons_code_once ON coupons (lower(code));
