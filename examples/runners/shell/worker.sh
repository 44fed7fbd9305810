# One worker, inside its lease: a mark before each test, a rewind after it.
set -u
export PSQLRC=/dev/null
failed=0
file=
begun=

# Between two files the database goes back to what the lease began with.
leave() { [ -z "$begun" ] || ${SEEDBED:-seedbed} --quiet rewind "$begun"; }

while read -r wanted test; do
    if [ "$wanted" != "$file" ]; then
        leave
        file=$wanted
        begun=$(${SEEDBED:-seedbed} --quiet mark)
        # What the tests of a file share is built once.
        sh -eu -c '. ./rows.sh; . "./$0"; set_up' "$file" || exit 1
    fi
    mark=$(${SEEDBED:-seedbed} --quiet mark --test "$file $test")
    if sh -eu -c '. ./rows.sh; . "./$0"; "$1"' "$file" "$test"; then
        echo "ok   $test"
    else
        echo "FAIL $test"
        failed=1
    fi
    ${SEEDBED:-seedbed} --quiet rewind --test "$file $test" "$mark" || exit 1
done < "$1"
leave
exit "$failed"
