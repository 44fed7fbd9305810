CREATE TABLE transfers (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payer  bigint NOT NULL REFERENCES accounts,
    payee  bigint NOT NULL REFERENCES accounts,
    amount bigint NOT NULL CHECK (amount > 0)
);

-- A trigger that writes another table.
CREATE FUNCTION move_money() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts SET balance = balance - NEW.amount WHERE id = NEW.payer;
    UPDATE accounts SET balance = balance + NEW.amount WHERE id = NEW.payee;
    RETURN NULL;
END
$$;

CREATE TRIGGER transfers_move_money AFTER INSERT ON transfers
    FOR EACH ROW EXECUTE FUNCTION move_money();
