-- Every table that holds rows of the user's: name, shape, columns that can be
-- written, why it cannot be rewound if so, and where it has virtual columns,
-- what is stored, as fields of a row named chr(1).
SELECT c.oid,
  c.oid::regclass::text,
  CASE WHEN c.relkind = 'f' THEN 'foreign' ELSE 'heap' END,
  tree.member,
  columns.names,
  columns.fields,
  CASE
    WHEN c.relkind = 'f' THEN 'it is a foreign table'
    WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled IN ('A', 'R'))
      THEN 'it has a trigger enabled ALWAYS or REPLICA'
    WHEN EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_enabled IN ('A', 'R'))
      THEN 'it has a rule enabled ALWAYS or REPLICA'
  END,
  CASE WHEN columns.virtual THEN columns.stored END
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)) AS member
) tree
CROSS JOIN LATERAL (
  SELECT
    string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '') AS names,
    string_agg('(r).' || quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '') AS fields,
    string_agg(CASE WHEN a.attgenerated = 'v' THEN 'NULL' ELSE chr(1) || '.' || quote_ident(a.attname) END,
      ', ' ORDER BY a.attnum) AS stored,
    bool_or(a.attgenerated = 'v') AS virtual
  FROM pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
) columns
WHERE c.relkind IN ('r', 'f') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'seedbed_journal')
ORDER BY c.oid
