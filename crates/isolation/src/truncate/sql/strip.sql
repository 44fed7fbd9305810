-- Removes every trace.
DO $strip$
DECLARE
  pinned record;
BEGIN
  IF pg_catalog.to_regclass('seedbed_truncate.sequence') IS NOT NULL THEN
    FOR pinned IN
      SELECT s.seqrelid::pg_catalog.regclass AS name, q.cache
      FROM seedbed_truncate.sequence q JOIN pg_catalog.pg_sequence s ON s.seqrelid = q.rel
      WHERE s.seqcache = 1 AND q.cache <> 1
    LOOP
      EXECUTE pg_catalog.format('ALTER SEQUENCE %s CACHE %s', pinned.name, pinned.cache);
    END LOOP;
  END IF;
END $strip$;
-- The triggers on the user's tables depend on its function and go with it.
DROP SCHEMA IF EXISTS seedbed_truncate CASCADE;
