-- Every table of the user's, what its rows look like, and how the triggers and
-- rules that a reset would fire are switched off and back to what they were.
-- tgtype: 1 row, 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE; ev_type: 2 UPDATE,
-- 3 INSERT, 4 DELETE.
INSERT INTO seedbed_truncate.relation
  (rel, name, kind, tree, refusal, columns, fields, image, off, back, statement_off, statement_back, bytes)
SELECT c.oid, c.oid::regclass::text, c.relkind,
  CASE WHEN c.relispartition THEN pg_partition_root(c.oid) ELSE c.oid END,
  CASE
    WHEN c.relkind = 'f' THEN 'is a foreign table'
    WHEN c.relforcerowsecurity AND NOT me.bypasses THEN 'has row-level security forced on its owner'
    WHEN c.relkind = 'r' AND pg_table_size(c.oid) > {kept_bytes_max} THEN 'is too large to keep its rows'
  END,
  coalesce(columns.names, ''), coalesce(columns.fields, ''),
  CASE WHEN columns.virtual THEN 'ROW(' || columns.stored || ')::text' ELSE '(t.*)::text' END || ' COLLATE "C"',
  coalesce(switch.off, ''), coalesce(switch.back, ''),
  coalesce(switch.statement_off, ''), coalesce(switch.statement_back, ''),
  CASE WHEN c.relkind = 'r' THEN pg_relation_size(c.oid) ELSE 0 END
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (SELECT rolsuper OR rolbypassrls AS bypasses FROM pg_roles WHERE rolname = current_user) me
CROSS JOIN LATERAL (
  SELECT
    string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '') AS names,
    string_agg('(r).' || quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '') AS fields,
    string_agg(CASE WHEN a.attgenerated = 'v' THEN 'NULL' ELSE 't.' || quote_ident(a.attname) END,
      ', ' ORDER BY a.attnum) AS stored,
    bool_or(a.attgenerated = 'v') AS virtual
  FROM pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
) columns
CROSS JOIN LATERAL (
  SELECT
    string_agg(s.off, '' ORDER BY s.off) FILTER (WHERE s.fires) AS off,
    string_agg(s.back, '' ORDER BY s.off) FILTER (WHERE s.fires) AS back,
    string_agg(s.off, '' ORDER BY s.off) FILTER (WHERE s.fires_always) AS statement_off,
    string_agg(s.back, '' ORDER BY s.off) FILTER (WHERE s.fires_always) AS statement_back
  FROM (
    SELECT (t.tgtype & 44) <> 0 AND (c.relkind <> 'p' OR (t.tgtype & 1) = 0) AS fires,
      (t.tgtype & 24) <> 0 AND (t.tgtype & 1) = 0 AS fires_always,
      format('ALTER TABLE ONLY %s DISABLE TRIGGER %I;', c.oid::regclass, t.tgname) AS off,
      format('ALTER TABLE ONLY %s ENABLE %sTRIGGER %I;', c.oid::regclass,
        CASE t.tgenabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END, t.tgname) AS back
    FROM pg_trigger t
    WHERE t.tgrelid = c.oid AND t.tgenabled <> 'D' AND {is_of_user}
    UNION ALL
    SELECT w.ev_type IN ('3', '4'), w.ev_type IN ('2', '4'),
      format('ALTER TABLE ONLY %s DISABLE RULE %I;', c.oid::regclass, w.rulename),
      format('ALTER TABLE ONLY %s ENABLE %sRULE %I;', c.oid::regclass,
        CASE w.ev_enabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END, w.rulename)
    FROM pg_rewrite w
    WHERE w.ev_class = c.oid AND w.ev_enabled <> 'D' AND w.ev_type <> '1'
  ) s
) switch
WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'seedbed_truncate', 'seedbed_journal')
  AND pg_has_role(c.relowner, 'USAGE');

-- A statement names a table and changes rows of all that descend from it.
INSERT INTO seedbed_truncate.member
WITH RECURSIVE descent (rel, holder) AS (
  SELECT rel, rel FROM seedbed_truncate.relation
  UNION
  SELECT d.rel, i.inhrelid FROM descent d JOIN pg_inherits i ON i.inhparent = d.holder
)
SELECT d.rel, d.holder
FROM descent d JOIN seedbed_truncate.relation r ON r.rel = d.holder
WHERE r.kind <> 'p';

-- A foreign key of or to a partitioned table is one of or to each partition.
INSERT INTO seedbed_truncate.reference
WITH RECURSIVE part (root, rel) AS (
  SELECT rel, rel FROM seedbed_truncate.relation
  UNION
  SELECT p.root, i.inhrelid
  FROM part p
  JOIN pg_inherits i ON i.inhparent = p.rel
  JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
)
SELECT child.rel, parent.rel, bool_or(k.confdeltype IN ('c', 'n', 'd'))
FROM pg_constraint k
JOIN part child ON child.root = k.conrelid
JOIN part parent ON parent.root = k.confrelid
WHERE k.contype = 'f'
GROUP BY child.rel, parent.rel;
