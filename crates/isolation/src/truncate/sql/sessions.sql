-- Other sessions in this database that are inside a transaction, and what they
-- hold: a transaction id, a snapshot while they wait, or nothing that matters.
-- Autovacuum, which has no role, changes no row; a plain role sees neither the
-- state nor the kind of another role's session.
SELECT s.pid::text,
  s.application_name,
  pg_get_userbyid(s.usesysid)::text,
  CASE
    WHEN s.backend_xid IS NOT NULL THEN 'transaction'
    WHEN s.backend_xmin IS NOT NULL AND s.state LIKE 'idle in transaction%' THEN 'snapshot'
    ELSE 'nothing'
  END
FROM pg_stat_get_activity(NULL) s
WHERE s.datid = {database} AND s.pid <> pg_backend_pid()
  AND s.usesysid IS NOT NULL
  AND (s.backend_xid IS NOT NULL OR s.state LIKE 'idle in transaction%')
