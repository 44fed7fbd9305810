INSERT INTO tax_rates (country_code, label, basis_points) VALUES
    ('AT', 'standard', 2000), ('AT', 'reduced', 1000),
    ('CH', 'standard', 810),
    ('DE', 'standard', 1900), ('DE', 'reduced', 700),
    ('FR', 'standard', 2000), ('FR', 'reduced', 550),
    ('GB', 'standard', 2000),
    ('JP', 'standard', 1000),
    ('US', 'standard', 0);
