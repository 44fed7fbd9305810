INSERT INTO countries (code, name, currency_code) VALUES
    ('AT', 'Austria', 'EUR'),
    ('CH', 'Switzerland', 'CHF'),
    ('DE', 'Germany', 'EUR'),
    ('FR', 'France', 'EUR'),
    ('GB', 'United Kingdom', 'GBP'),
    ('JP', 'Japan', 'JPY'),
    ('US', 'United States', 'USD');
