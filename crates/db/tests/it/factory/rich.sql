-- A schema with one of everything a row can need.
DO $$ BEGIN CREATE EXTENSION citext;
EXCEPTION WHEN feature_not_supported OR undefined_file THEN CREATE DOMAIN citext AS text; END $$;
CREATE TYPE mood AS ENUM ('happy', 'sad', 'so-so');
CREATE TYPE point3 AS (x int, y int, z text);
CREATE DOMAIN email AS citext CHECK (VALUE ~ '^[^@]+@[^@]+\.[a-z]+$');
CREATE DOMAIN percent AS numeric(5,2) NOT NULL CHECK (VALUE >= 0 AND VALUE <= 100);
CREATE TABLE countries (code char(2) PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE tenants (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), slug varchar(12) NOT NULL UNIQUE,
  country char(2) NOT NULL REFERENCES countries, share percent, feeling mood NOT NULL);
CREATE TABLE users (tenant uuid NOT NULL REFERENCES tenants, id bigint GENERATED ALWAYS AS IDENTITY,
  mail email NOT NULL, username text NOT NULL, born date NOT NULL CHECK (born < '2020-01-01'),
  height numeric(5,2) NOT NULL CHECK (height BETWEEN 40 AND 260), tags text[] NOT NULL,
  address inet NOT NULL, settings jsonb NOT NULL, secret bytea NOT NULL, bits bit(5) NOT NULL,
  tall boolean GENERATED ALWAYS AS (height > 180) STORED, place point NOT NULL, period tstzrange NOT NULL,
  at point3 NOT NULL, expires_at timestamptz NOT NULL, state text NOT NULL CHECK (state IN ('new', 'old')),
  PRIMARY KEY (tenant, id), UNIQUE (tenant, mail), UNIQUE (tenant, username));
CREATE UNIQUE INDEX ON users (lower(username));
CREATE TABLE rooms (id smallserial PRIMARY KEY, name text NOT NULL);
CREATE TABLE bookings (id serial PRIMARY KEY, room smallint NOT NULL REFERENCES rooms,
  during int4range NOT NULL, since date NOT NULL, until date NOT NULL, CHECK (until > since),
  EXCLUDE USING gist (during WITH &&));
CREATE TABLE friends (tenant uuid NOT NULL, a bigint NOT NULL, b bigint NOT NULL, CHECK (a <> b),
  PRIMARY KEY (tenant, a, b), FOREIGN KEY (tenant, a) REFERENCES users (tenant, id),
  FOREIGN KEY (tenant, b) REFERENCES users (tenant, id));
CREATE TABLE categories (id serial PRIMARY KEY, parent int REFERENCES categories, name text NOT NULL,
  UNIQUE (parent, name));
CREATE TABLE staff (id int PRIMARY KEY, boss int NOT NULL REFERENCES staff, name text NOT NULL);
CREATE TABLE stores (id serial PRIMARY KEY, manager int NOT NULL UNIQUE);
CREATE TABLE managers (id serial PRIMARY KEY, store int NOT NULL REFERENCES stores, name text NOT NULL);
ALTER TABLE stores ADD FOREIGN KEY (manager) REFERENCES managers;
CREATE TABLE events (day date NOT NULL, kind text NOT NULL, note text) PARTITION BY RANGE (day);
CREATE TABLE events_a PARTITION OF events FOR VALUES FROM ('2031-01-01') TO ('2031-02-01');
CREATE TABLE regions (region text NOT NULL, name text NOT NULL, PRIMARY KEY (region, name)) PARTITION BY LIST (region);
CREATE TABLE regions_eu PARTITION OF regions FOR VALUES IN ('eu');
CREATE TABLE either (id serial PRIMARY KEY, left_side int, right_side int, CHECK (num_nonnulls(left_side, right_side) = 1));
CREATE TABLE odd (id serial PRIMARY KEY, n int NOT NULL CHECK (n % 7 = 3), label text NOT NULL CHECK (ascii(label) % 2 = 0));
CREATE TABLE flags (flag boolean PRIMARY KEY, note text);
CREATE TABLE nothing (id serial PRIMARY KEY, note text);
CREATE TABLE bare ();
CREATE TABLE only_id (id bigserial PRIMARY KEY);
CREATE TABLE "We""ird Table" ("select" int PRIMARY KEY, "a b" text NOT NULL);
CREATE TABLE soft (id serial PRIMARY KEY, email text NOT NULL, deleted_at timestamptz);
CREATE UNIQUE INDEX ON soft (email) WHERE deleted_at IS NULL;
CREATE TABLE late (id serial PRIMARY KEY, code text NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE VIEW happy AS SELECT * FROM tenants WHERE feeling = 'happy';
