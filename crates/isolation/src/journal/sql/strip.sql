-- Removes every trace. Event triggers first, or they would see the rest.
DROP EVENT TRIGGER IF EXISTS seedbed_journal_ddl;
DROP EVENT TRIGGER IF EXISTS seedbed_journal_drop;
DO $strip$
DECLARE
  pinned record;
BEGIN
  IF pg_catalog.to_regclass('seedbed_journal.sequence') IS NOT NULL THEN
    FOR pinned IN
      SELECT s.seqrelid::pg_catalog.regclass AS name, q.cache
      FROM seedbed_journal.sequence q JOIN pg_catalog.pg_sequence s ON s.seqrelid = q.rel
      WHERE s.seqcache = 1 AND q.cache <> 1
    LOOP
      EXECUTE pg_catalog.format('ALTER SEQUENCE %s CACHE %s', pinned.name, pinned.cache);
    END LOOP;
  END IF;
END $strip$;
-- The triggers on the user's tables depend on its functions and go with them.
DROP SCHEMA IF EXISTS seedbed_journal CASCADE;
