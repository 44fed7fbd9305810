#!/bin/sh
# Runs the tests of tests.sh and team.sh in random order, by as many workers as asked for.
# usage: run.sh [WORKERS]
set -eu
cd "$(dirname "$0")"
workers=${1:-3}
tests=$(sed -n 's/^\(test_[a-z_0-9]*\)().*/\1/p' tests.sh)
shares=$(mktemp -d)
trap 'rm -rf "$shares"' EXIT
# Each worker gets a share of the tests; the first also the file with shared data.
printf '%s\n' $tests | shuf | awk -v n="$workers" -v at="$shares" '{ print "tests.sh", $1 > (at "/" (NR % n) + 1) }'
printf '%s\n' test_one_more_joins test_the_schema_changes test_everybody_leaves |
    shuf | sed 's/^/team.sh /' >> "$shares/1"
pids=
for share in "$shares"/*; do
    # The lease ends with the worker. With more workers than slots, the last ones wait here.
    ${SEEDBED:-seedbed} --quiet lease --worker "${share##*/}" --wait 600 -- sh ./worker.sh "$share" &
    pids="$pids $!"
done
failed=0
for pid in $pids; do wait "$pid" || failed=1; done
exit "$failed"
