# One turn for each line read: start, first query, stop.
while read -r _; do
  url=$(pg_tmp -w 60) && psql -XAtqc 'select 1' "$url" >/dev/null || exit 1
  pg_tmp stop -d "$(printf %s "$url" | sed 's/.*host=//; s/%2F/\//g; s/&.*//')" >/dev/null 2>&1
  echo done
done
