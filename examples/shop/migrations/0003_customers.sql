CREATE TABLE customers (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id  uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    email      email_address NOT NULL,
    first_name text NOT NULL CHECK (first_name <> ''),
    last_name  text NOT NULL CHECK (last_name <> ''),
    full_name  text NOT NULL GENERATED ALWAYS AS (first_name || ' ' || last_name) STORED,
    settings   jsonb NOT NULL DEFAULT '{}'::jsonb CHECK (jsonb_typeof(settings) = 'object'),
    created_at timestamptz NOT NULL DEFAULT now(),
    closed_at  timestamptz,
    CHECK (closed_at IS NULL OR closed_at >= created_at)
);

-- An address may be used again once its account is closed.
CREATE UNIQUE INDEX customers_email_once ON customers (lower(email)) WHERE closed_at IS NULL;
