-- Words and value ranges that the rest of the schema is written in.
CREATE TYPE address_kind AS ENUM ('billing', 'shipping');
CREATE TYPE cart_status AS ENUM ('open', 'ordered', 'abandoned');
CREATE TYPE order_status AS ENUM ('pending', 'paid', 'shipped', 'delivered', 'cancelled');
CREATE TYPE payment_status AS ENUM ('authorized', 'captured', 'failed', 'refunded');
CREATE TYPE movement_reason AS ENUM ('restock', 'reserve', 'release', 'ship', 'correction');

-- Money is kept in the smallest unit of its currency: no rounding, no locale.
CREATE DOMAIN cents AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN country_code AS text CHECK (VALUE ~ '^[A-Z]{2}$');
CREATE DOMAIN currency_code AS text CHECK (VALUE ~ '^[A-Z]{3}$');
CREATE DOMAIN email_address AS text CHECK (VALUE ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$');
CREATE DOMAIN slug AS text CHECK (VALUE ~ '^[a-z0-9]+(-[a-z0-9]+)*$');
