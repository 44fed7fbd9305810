-- What the truncate lane knows of one database. Plain roles see nothing of it:
-- only a function that runs as its owner writes here.
CREATE SCHEMA seedbed_truncate;
REVOKE ALL ON SCHEMA seedbed_truncate FROM PUBLIC;

-- One row for each table a transaction wrote to. No key and no index: two
-- transactions that note the same table must not wait for each other. Logged:
-- an unlogged table is emptied by a crash and then lies.
CREATE TABLE seedbed_truncate.dirty (rel oid NOT NULL)
  WITH (autovacuum_enabled = false);

-- Rows that the template held, as text: copies in columns of the user's types
-- would keep those types from being dropped.
CREATE TABLE seedbed_truncate.kept (rel oid NOT NULL, image text COLLATE "C" NOT NULL);

-- Tables with triggers of ours. `tree` is the root of the partition tree, or
-- the table itself. `off` and `back` switch the user's triggers and rules that
-- a reset would fire; the `statement_` ones those that fire when a referenced
-- table loses rows.
CREATE TABLE seedbed_truncate.relation (
  rel oid PRIMARY KEY,
  name text NOT NULL,
  kind "char" NOT NULL,
  tree oid NOT NULL,
  refusal text,
  columns text NOT NULL,
  fields text NOT NULL,
  image text NOT NULL,
  off text NOT NULL,
  back text NOT NULL,
  statement_off text NOT NULL,
  statement_back text NOT NULL,
  kept_rows bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0
);

-- Which tables hold the rows that a statement on `rel` may change.
CREATE TABLE seedbed_truncate.member (rel oid NOT NULL, holder oid NOT NULL, PRIMARY KEY (rel, holder));

-- Foreign keys between tables, partitions included; `acts` where the loss of a
-- referenced row runs a statement on the child.
CREATE TABLE seedbed_truncate.reference (child oid NOT NULL, parent oid NOT NULL, acts boolean NOT NULL);

-- Sequences as the template left them, with the cache size they had before it
-- was set to 1: a session that survives a reset must not hold numbers.
CREATE TABLE seedbed_truncate.sequence (
  rel oid PRIMARY KEY,
  name text NOT NULL,
  last bigint NOT NULL,
  called boolean NOT NULL,
  cache bigint NOT NULL
);

CREATE TABLE seedbed_truncate.template (format integer NOT NULL, fingerprint text NOT NULL);

-- Notes the table once in a transaction. The setting lives as long as the
-- note: both are gone when the transaction, or the savepoint, is rolled back.
CREATE FUNCTION seedbed_truncate.note() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $note$
DECLARE
  noted text := coalesce(pg_catalog.current_setting('seedbed.truncate_noted', true), '');
  rel text := ',' || tg_relid || ',';
BEGIN
  IF pg_catalog.strpos(noted, rel) = 0 THEN
    INSERT INTO seedbed_truncate.dirty (rel) VALUES (tg_relid);
    PERFORM pg_catalog.set_config('seedbed.truncate_noted', noted || rel, true);
  END IF;
  RETURN NULL;
END $note$;
