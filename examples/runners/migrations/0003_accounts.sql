CREATE TABLE accounts (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members ON DELETE CASCADE,
    currency  text NOT NULL REFERENCES currencies,
    balance   bigint NOT NULL DEFAULT 0 CONSTRAINT accounts_covered CHECK (balance >= 0),
    UNIQUE (member_id, currency)
);
