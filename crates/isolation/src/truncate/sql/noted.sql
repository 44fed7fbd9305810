-- Tables that hold rows which committed work may have changed, and their sizes
-- in bytes. NULL for a table that was not there when the template was made.
SELECT r.rel::text, coalesce(pg_relation_size(r.rel), 0)::text
FROM (
  SELECT DISTINCT CASE WHEN k.rel IS NULL THEN NULL ELSE m.holder END AS rel
  FROM (SELECT DISTINCT rel FROM seedbed_truncate.dirty) d
  LEFT JOIN seedbed_truncate.relation k ON k.rel = d.rel
  LEFT JOIN seedbed_truncate.member m ON m.rel = d.rel
  WHERE m.holder IS NOT NULL OR k.rel IS NULL
) r
