-- Reference data: there in every test, whatever another one did to it.
CREATE TABLE currencies (
    code text PRIMARY KEY CHECK (code ~ '^[A-Z]{3}$'),
    name text NOT NULL
);

INSERT INTO currencies VALUES ('CHF', 'Swiss franc'), ('EUR', 'Euro'), ('USD', 'US dollar');
