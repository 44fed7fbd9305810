# Every test inserts the same address and commits: without isolation, all but one fail.
set_up() { is 0 "$(members)"; }

first_member() {
    is 0 "$(members)"
    is 1 "$(join)"
    is 1 "$(members)"
}

test_the_first_member_is_number_one_1() { first_member; }
test_the_first_member_is_number_one_2() { first_member; }
test_the_first_member_is_number_one_3() { first_member; }
test_the_first_member_is_number_one_4() { first_member; }

test_an_address_is_taken_once() {
    is 1 "$(join)"
    refused "INSERT INTO members (email, name) VALUES ('ada@example.org', 'A')" 23505
    is 3 "$(join ben@example.org)"
}

test_many_join_by_copy() {
    is 1 "$(join)"
    seq 200 | sed 's/.*/m&@example.org\tM/' | psql -XAtq -c "COPY members (email, name) FROM STDIN"
    is 201 "$(members)"
}

test_half_of_a_transaction_can_be_taken_back() {
    psql -XAtq <<'SQL'
BEGIN;
INSERT INTO members (email, name) VALUES ('ada@example.org', 'A');
SAVEPOINT half;
INSERT INTO members (email, name) VALUES ('ben@example.org', 'B');
ROLLBACK TO half;
COMMIT;
SQL
    is ada@example.org "$(sql "SELECT string_agg(email, ' ') FROM members")"
}

test_reference_data_can_be_deleted() {
    is 1 "$(join)"
    sql "DELETE FROM currencies"
    is 0 "$(sql "SELECT count(*) FROM currencies")"
}

test_reference_data_is_there() {
    is 1 "$(join)"
    is "CHF EUR USD" "$(sql "SELECT string_agg(code, ' ' ORDER BY code) FROM currencies")"
}

test_money_moves() {
    accounts
    transfer 30
    is "70 30" "$(balances)"
}

test_more_than_there_is_does_not_move() {
    accounts
    refused "INSERT INTO transfers (payer, payee, amount) VALUES (1, 2, 101)" 23514
    is "100 0" "$(balances)"
}

test_two_connections_transfer() {
    accounts
    transfer 10 & other=$!
    transfer 10
    wait "$other"
    is "80 20" "$(balances)"
}

test_members_take_their_accounts_with_them() {
    accounts
    sql "DELETE FROM members WHERE id = 1"
    is 0 "$(balances)"
}

test_everything_can_be_truncated() {
    accounts
    transfer 1
    sql "TRUNCATE members, accounts, transfers, currencies RESTART IDENTITY"
    is 0 "$(members)"
}
