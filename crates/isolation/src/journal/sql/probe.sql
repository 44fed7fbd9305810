-- One row: what no trigger sees, as a text that changes with it; why the
-- journal itself says that the database cannot be rewound; whether a prepared
-- transaction was left; how large the journal is; whether it holds anything
-- from before the mark, and from after it; other sessions that are inside a
-- transaction here, and what they hold.
--
-- What no trigger sees is event triggers, settings of the database and large
-- objects: how many rows of theirs there are, and how far the youngest is from
-- a fixed transaction. Rows that are only deleted lower the count, everything
-- else leaves a younger row. VACUUM leaves xmin alone.
--
-- Flat on purpose: making a plan ready to run costs as much as running it.
SELECT (
    SELECT concat(count(*), ' ', min(age(v.xmin)) - age('{base}'::xid))
    FROM (
      SELECT xmin FROM pg_event_trigger
      UNION ALL
      SELECT xmin FROM pg_db_role_setting WHERE setdatabase = {database}
      UNION ALL
      SELECT xmin FROM pg_largeobject_metadata
      UNION ALL
      SELECT xmin FROM pg_largeobject
    ) v
  ) AS vitals,
  min(e.image) FILTER (WHERE e.rel = 0) AS spoiled,
  {prepared}::text AS prepared,
  -- Main forks only; asking for all of them costs as much as the whole query.
  -- VACUUM FULL gives the journal another TOAST table, which then is not seen.
  (pg_relation_size('seedbed_journal.entry') + coalesce(pg_relation_size({toast}), 0))::text AS bytes,
  coalesce(bool_or(age(e.xmin) >= (SELECT age($1::text::xid))), false)::text AS older,
  coalesce(bool_or(age(e.xmin) < (SELECT age($1::text::xid))), false)::text AS newer,
  (
    -- Autovacuum changes no row.
    SELECT json_agg(json_build_array(s.pid, s.application_name, pg_get_userbyid(s.usesysid),
      CASE
        WHEN s.backend_xid IS NOT NULL THEN 'transaction'
        WHEN s.backend_xmin IS NOT NULL AND s.state LIKE 'idle in transaction%' THEN 'snapshot'
        ELSE 'nothing'
      END))::text
    FROM pg_stat_get_activity(NULL) s
    WHERE s.datid = {database} AND s.pid <> pg_backend_pid()
      AND s.backend_type <> 'autovacuum worker'
      AND (s.backend_xid IS NOT NULL OR s.state LIKE 'idle in transaction%')
  ) AS sessions
FROM seedbed_journal.entry e
