INSERT INTO shipping_methods (code, name, cost, max_days, is_tracked) VALUES
    ('letter', 'Letter', 250, 7, false),
    ('parcel', 'Parcel', 490, 4, true),
    ('express', 'Express', 1490, 1, true);
INSERT INTO price_lists (name, currency_code) VALUES ('retail', 'EUR');
