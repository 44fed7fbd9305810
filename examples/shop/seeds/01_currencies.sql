INSERT INTO currencies (code, name, minor_units) VALUES
    ('CHF', 'Swiss franc', 2),
    ('EUR', 'Euro', 2),
    ('GBP', 'Pound sterling', 2),
    ('JPY', 'Yen', 0),
    ('USD', 'US dollar', 2);
