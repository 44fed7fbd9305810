# What the tests insert and ask. Each call of psql is a connection of its own.
sql() { psql -XAtq -v ON_ERROR_STOP=1 -c "$1"; }

join() {
    sql "INSERT INTO members (email, name) VALUES ('${1:-ada@example.org}', 'A') RETURNING id"
}

members() { sql "SELECT count(*) FROM members"; }

# is EXPECTED ACTUAL
is() { [ "$1" = "$2" ] || { echo "expected '$1', found '$2'"; return 1; } >&2; }

# refused STATEMENT SQLSTATE
refused() {
    said=$(psql -XAtq -v ON_ERROR_STOP=1 -v VERBOSITY=sqlstate -c "$1" 2>&1) && return 1
    is "ERROR:  $2" "$said"
}

accounts() {
    is 1 "$(join)"
    is 2 "$(join ben@example.org)"
    sql "INSERT INTO accounts (member_id, currency, balance) VALUES (1, 'EUR', 100), (2, 'EUR', 0)"
}

transfer() { sql "INSERT INTO transfers (payer, payee, amount) VALUES (1, 2, $1)"; }

balances() { sql "SELECT string_agg(balance::text, ' ' ORDER BY id) FROM accounts"; }
