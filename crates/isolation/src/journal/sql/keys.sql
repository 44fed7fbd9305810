-- What finds a row again, one line for each column: a unique index on NOT NULL
-- columns that is checked at once (the primary key before others, the smallest
-- before larger ones), else the first column of any btree index, which only
-- narrows the search. With the equality operator of the index, because the
-- search path is empty and an extension's `=` may live anywhere.
WITH candidate AS (
  SELECT y.indrelid, y.indexrelid, y.indkey, y.indclass, y.indnkeyatts, y.indisprimary,
    y.indisunique AND y.indimmediate AND y.indexprs IS NULL AND NOT EXISTS (
      SELECT FROM generate_series(0, y.indnkeyatts - 1) g
      JOIN pg_attribute a ON a.attrelid = y.indrelid AND a.attnum = y.indkey[g]
      WHERE NOT a.attnotnull
    ) AS identifies
  FROM pg_index y
  JOIN pg_class x ON x.oid = y.indexrelid
  JOIN pg_am m ON m.oid = x.relam
  WHERE m.amname = 'btree' AND y.indisvalid AND y.indpred IS NULL AND y.indkey[0] <> 0
), chosen AS (
  SELECT DISTINCT ON (indrelid) *
  FROM candidate
  ORDER BY indrelid, identifies DESC, indisprimary DESC,
    CASE WHEN identifies THEN indnkeyatts END, indexrelid
)
SELECT i.indrelid,
  i.identifies,
  quote_ident(a.attname),
  format_type(a.atttypid, a.atttypmod),
  format('OPERATOR(%I.%s)', n.nspname, o.oprname),
  t.typcategory = 'A'
FROM chosen i
CROSS JOIN LATERAL generate_series(0, CASE WHEN i.identifies THEN i.indnkeyatts - 1 ELSE 0 END) g
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[g]
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_opclass c ON c.oid = i.indclass[g]
JOIN pg_amop w ON w.amopfamily = c.opcfamily AND w.amopstrategy = 3
  AND w.amoplefttype = c.opcintype AND w.amoprighttype = c.opcintype
JOIN pg_operator o ON o.oid = w.amopopr
JOIN pg_namespace n ON n.oid = o.oprnamespace
ORDER BY i.indrelid, g
