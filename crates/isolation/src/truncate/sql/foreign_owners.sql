-- A table or sequence that the role does not own, so that writes to it cannot
-- be noted. Those of an extension which the role may not write are left alone.
SELECT c.oid::regclass::text, quote_ident(pg_get_userbyid(c.relowner))
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'S') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'seedbed_truncate', 'seedbed_journal')
  AND NOT pg_has_role(c.relowner, 'USAGE')
  AND NOT (
    EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE, UPDATE')
        ELSE NOT has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') END
  )
ORDER BY 1
LIMIT 1
