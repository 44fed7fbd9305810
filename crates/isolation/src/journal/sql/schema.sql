-- The journal of one database. Plain roles see nothing of it: only functions
-- that run as its owner write here.
CREATE SCHEMA seedbed_journal;
REVOKE ALL ON SCHEMA seedbed_journal FROM PUBLIC;

-- One row for each old image of a user's row, one for each hash of a new one;
-- a row trigger writes both into one. No sequence (`lastval()` would see it),
-- no index, logged (an unlogged table is emptied by a crash and then lies).
-- `rel` 0: the database cannot be rewound any more, `image` says why.
-- The transaction that wrote a row is in its xmin.
CREATE TABLE seedbed_journal.entry (
  rel oid NOT NULL,
  key text COLLATE "C",
  image text COLLATE "C",
  new_key text COLLATE "C",
  hash bigint
) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE seedbed_journal.entry ALTER image SET STORAGE EXTERNAL;

-- What is journaled, and the statements that take rows out, put them back,
-- read them, and keep all of them before a TRUNCATE.
CREATE TABLE seedbed_journal.relation (
  rel oid PRIMARY KEY,
  name text NOT NULL,
  refusal text,
  identified boolean NOT NULL,
  narrowed boolean NOT NULL,
  remove text NOT NULL,
  restore text NOT NULL,
  pick text NOT NULL,
  keep text NOT NULL
);

-- Sequences, with the cache size they had before it was set to 1: a session
-- that survives a rewind must not hold numbers from before.
CREATE TABLE seedbed_journal.sequence (
  rel oid PRIMARY KEY,
  name text NOT NULL,
  cache bigint NOT NULL
);

CREATE TABLE seedbed_journal.format (version integer NOT NULL);

CREATE FUNCTION seedbed_journal.keep_all() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER {pins} SET row_security = off AS $keep_all$
DECLARE
  statement text;
BEGIN
  IF pg_catalog.current_setting('seedbed.journal_off', true) IS NOT DISTINCT FROM '1' THEN
    RETURN NULL;
  END IF;
  IF pg_catalog.pg_table_size(tg_relid) > {truncate_bytes_max} THEN
    INSERT INTO seedbed_journal.entry (rel, image)
      VALUES (0, 'TRUNCATE of a table too large to keep its rows');
    RETURN NULL;
  END IF;
  SELECT r.keep INTO statement FROM seedbed_journal.relation r WHERE r.rel = tg_relid;
  EXECUTE statement;
  RETURN NULL;
END $keep_all$;

-- For what holds its rows elsewhere.
CREATE FUNCTION seedbed_journal.give_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER {pins} AS $give_up$
BEGIN
  INSERT INTO seedbed_journal.entry (rel, image) VALUES (0, 'a change of a foreign table');
  IF tg_op = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END $give_up$;

-- Temporary objects, and CREATE … IF NOT EXISTS of what exists, change nothing
-- that outlives the session. DROP OWNED can revoke without dropping.
CREATE FUNCTION seedbed_journal.note_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER {pins} AS $note_ddl$
DECLARE
  changes boolean;
BEGIN
  IF tg_event = 'sql_drop' THEN
    changes := EXISTS (
      SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() o
      WHERE NOT o.is_temporary AND o.schema_name IS DISTINCT FROM 'pg_temp');
  ELSIF EXISTS (SELECT FROM pg_catalog.pg_event_trigger_ddl_commands()) THEN
    changes := tg_tag <> 'REINDEX' AND EXISTS (
      SELECT FROM pg_catalog.pg_event_trigger_ddl_commands() o
      WHERE o.schema_name IS DISTINCT FROM 'pg_temp');
  ELSE
    changes := tg_tag = 'DROP OWNED' OR NOT (
      tg_tag LIKE 'DROP %' OR tg_tag IN (
        'CREATE EXTENSION', 'CREATE INDEX', 'CREATE MATERIALIZED VIEW', 'CREATE SCHEMA',
        'CREATE SEQUENCE', 'CREATE TABLE', 'CREATE TABLE AS'));
  END IF;
  IF changes THEN
    INSERT INTO seedbed_journal.entry (rel, image) VALUES (0, tg_tag);
  END IF;
END $note_ddl$;
