# Data that all tests of a file share: built once, committed, and there in every test, whatever the
# one before has done to it.
set_up() {
    for name in cem dee eve; do join "$name@example.org" > /dev/null; done
}

untouched() {
    is "cem dee eve" "$(sql "SELECT string_agg(split_part(email, '@', 1), ' ' ORDER BY id) FROM members")"
    is 3 "$(columns)"
}

columns() { sql "SELECT count(*) FROM information_schema.columns WHERE table_name = 'members'"; }

test_one_more_joins() {
    untouched
    is 4 "$(join)"
}

test_the_schema_changes() {
    untouched
    sql "ALTER TABLE members ADD COLUMN since date NOT NULL DEFAULT '2026-01-01'"
    sql "DELETE FROM members WHERE id = 3"
    is 4 "$(join)"
    is 4 "$(columns)"
}

test_everybody_leaves() {
    untouched
    sql "DELETE FROM members"
    is 4 "$(join)"
    is 1 "$(members)"
}
