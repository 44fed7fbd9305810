-- What the journal says about the time after one mark and up to another: for
-- each row (old images) - (new images), as multisets. Positive: a row that was
-- there before and is not any more; negative: one that was not there before.
-- No order of events is involved.
WITH event AS (
  SELECT rel, key, hashtextextended(image, 0) AS hash, image, 1 AS n
  FROM seedbed_journal.entry
  WHERE image IS NOT NULL AND {span}
  UNION ALL
  SELECT rel, coalesce(new_key, key), hash, NULL, -1
  FROM seedbed_journal.entry
  WHERE hash IS NOT NULL AND {span}
), net AS (
  SELECT rel, key, hash, sum(n)::integer AS n, min(image) AS image
  FROM event GROUP BY hash, rel, key HAVING sum(n) <> 0
)
SELECT rel::text,
  array_agg(key) AS keys,
  array_agg(image) FILTER (WHERE n > 0) AS before,
  array_agg(hash) FILTER (WHERE n > 0) AS before_hashes,
  array_agg(n) FILTER (WHERE n > 0) AS before_counts,
  coalesce(sum(n) FILTER (WHERE n > 0), 0)::text AS before_rows,
  array_agg(hash) FILTER (WHERE n < 0) AS after_hashes,
  array_agg(-n) FILTER (WHERE n < 0) AS after_counts,
  coalesce(sum(-n) FILTER (WHERE n < 0), 0)::text AS after_rows
FROM net
GROUP BY rel
