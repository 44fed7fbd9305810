CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE DOMAIN share AS integer CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE companies (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text,
    mood mood,
    company_id bigint REFERENCES companies
);
CREATE TABLE posts (
    id bigserial PRIMARY KEY,
    author_id bigint NOT NULL REFERENCES users,
    editor_id bigint REFERENCES users,
    title text NOT NULL,
    UNIQUE (author_id, title)
);
CREATE TABLE comments (id bigserial PRIMARY KEY, post bigint NOT NULL REFERENCES posts, text text NOT NULL);
-- Every type that has a Python value, and some that have none.
CREATE TABLE things (
    code text PRIMARY KEY,
    big bigint,
    small smallint,
    flag boolean,
    ratio double precision,
    price numeric(20, 4),
    exact numeric,
    data bytea,
    born date,
    woken time,
    made timestamp,
    seen timestamptz,
    lasts interval,
    key uuid,
    facts jsonb,
    raw json,
    tags text[],
    numbers integer[],
    grid integer[],
    stamps timestamptz[],
    host inet,
    span int4range,
    mood mood,
    part share
);
CREATE SCHEMA sales;
CREATE TABLE sales.orders (id bigserial PRIMARY KEY, number text NOT NULL UNIQUE, buyer_id bigint NOT NULL REFERENCES users);
CREATE TABLE accounts (id bigserial PRIMARY KEY, owner text NOT NULL, closed boolean NOT NULL DEFAULT false, note text);
CREATE UNIQUE INDEX accounts_open ON accounts (owner) WHERE NOT closed;
CREATE TABLE "100%" ("a%s" text PRIMARY KEY CHECK ("a%s" LIKE '1%'), "b$1" text);
