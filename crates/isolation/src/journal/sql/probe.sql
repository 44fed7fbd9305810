-- One row: what no trigger sees (large objects, event triggers, settings of
-- the database) as a text that changes with it; why the journal itself says
-- that the database cannot be rewound; how large it is; whether it holds
-- anything from before the mark, and from after it. VACUUM leaves xmin alone, and a row that is
-- written again gets a new one.
SELECT concat_ws(' ',
    (SELECT count(*) FROM pg_largeobject_metadata),
    (SELECT sum(hashtextextended(oid || ' ' || xmin, 0)) FROM pg_largeobject_metadata),
    (SELECT sum(hashtextextended(loid || ' ' || pageno || ' ' || xmin, 0)) FROM pg_largeobject),
    (SELECT string_agg(oid || ':' || xmin, ',' ORDER BY oid) FROM pg_event_trigger),
    (SELECT string_agg(setrole || ':' || xmin, ',' ORDER BY setrole) FROM pg_db_role_setting
      WHERE setdatabase = {database})) AS vitals,
  e.spoiled,
  EXISTS (SELECT FROM pg_prepared_xact() p WHERE p.dbid = {database})::text AS prepared,
  pg_table_size('seedbed_journal.entry')::text AS bytes,
  coalesce(e.older, false)::text,
  coalesce(e.newer, false)::text
FROM (
  SELECT min(w.image) FILTER (WHERE w.rel = 0) AS spoiled,
    bool_or(age(w.xmin) >= m.age) AS older,
    bool_or(age(w.xmin) < m.age) AS newer
  FROM (SELECT age($1::text::xid) AS age OFFSET 0) m
  CROSS JOIN seedbed_journal.entry w
) e
