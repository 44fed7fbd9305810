-- The triggers, the template's sequences, and the rows it holds.
DO $keep$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT rel, name, kind, refusal, image FROM seedbed_truncate.relation LOOP
    EXECUTE format(
      'CREATE TRIGGER seedbed_truncate AFTER INSERT OR UPDATE OR DELETE%s ON %s '
      'FOR EACH STATEMENT EXECUTE FUNCTION seedbed_truncate.note()',
      CASE WHEN r.kind <> 'f' OR current_setting('server_version_num')::integer >= 160000
        THEN ' OR TRUNCATE' END, r.name);
    EXECUTE format('ALTER %sTABLE ONLY %s ENABLE ALWAYS TRIGGER seedbed_truncate',
      CASE WHEN r.kind = 'f' THEN 'FOREIGN ' END, r.name);
  END LOOP;
  FOR r IN
    SELECT s.seqrelid AS rel, s.seqrelid::regclass::text AS name, s.seqcache AS cache
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
    WHERE c.relpersistence <> 't' AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    EXECUTE format('INSERT INTO seedbed_truncate.sequence SELECT %s, %L, last_value, is_called, %s FROM %s',
      r.rel, r.name, r.cache, r.name);
    IF r.cache <> 1 THEN
      EXECUTE format('ALTER SEQUENCE %s CACHE 1', r.name);
    END IF;
  END LOOP;
END $keep$;
CREATE INDEX kept_rel ON seedbed_truncate.kept (rel);

-- Rows last: an event trigger of the user's may have logged the above.
DO $keep$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT rel, name, image FROM seedbed_truncate.relation WHERE kind = 'r' AND refusal IS NULL LOOP
    EXECUTE format('INSERT INTO seedbed_truncate.kept (rel, image) SELECT %s, %s FROM ONLY %s t',
      r.rel, r.image, r.name);
  END LOOP;
END $keep$;
DELETE FROM seedbed_truncate.dirty;
UPDATE seedbed_truncate.relation r SET kept_rows = k.n
FROM (SELECT rel, count(*) AS n FROM seedbed_truncate.kept GROUP BY rel) k
WHERE k.rel = r.rel;
