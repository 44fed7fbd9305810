-- What a stub file has to cope with. `cargo test -p seedbed-cli` writes it beside this, `test_types.py` has mypy read it.
CREATE TYPE mood AS ENUM ('fine', 'so "so"');
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email email NOT NULL UNIQUE,
    name text,
    mood mood NOT NULL DEFAULT 'fine',
    born date,
    joined timestamptz NOT NULL DEFAULT now(),
    balance numeric(10, 2),
    tags text[] NOT NULL DEFAULT '{}',
    data jsonb,
    avatar bytea,
    token uuid,
    pause interval,
    span int4range,
    twice int GENERATED ALWAYS AS (2) STORED
);
CREATE TABLE posts (
    id serial PRIMARY KEY,
    author_id bigint NOT NULL REFERENCES users,
    editor_id bigint REFERENCES users,
    title text NOT NULL
);
-- Names that Python has already, or cannot write.
CREATE TABLE build (
    id int PRIMARY KEY,
    class text,
    "odd name" int,
    self int,
    count int,
    str text,
    property text,
    list int[],
    "table" text,
    "values" text,
    keys text
);
CREATE TABLE "Odd table" (post int PRIMARY KEY REFERENCES posts);
CREATE SCHEMA sales;
CREATE TABLE sales.users (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE sales.visits (
    id int PRIMARY KEY, a int, b int, CONSTRAINT visitor FOREIGN KEY (a, b) REFERENCES sales.users
);
CREATE TABLE measures (at date NOT NULL, value real) PARTITION BY RANGE (at);
CREATE TABLE measures_2026 PARTITION OF measures FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
