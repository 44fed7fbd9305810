-- Filled by the files in seeds/.
CREATE TABLE currencies (
    code        currency_code PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    minor_units smallint NOT NULL CHECK (minor_units BETWEEN 0 AND 4)
);

CREATE TABLE countries (
    code          country_code PRIMARY KEY,
    name          text NOT NULL UNIQUE,
    currency_code currency_code NOT NULL REFERENCES currencies
);

CREATE TABLE tax_rates (
    country_code country_code NOT NULL REFERENCES countries,
    label        text NOT NULL,
    basis_points integer NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    PRIMARY KEY (country_code, label)
);
COMMENT ON COLUMN tax_rates.basis_points IS 'Hundredths of a percent: 1900 is 19 %.';

CREATE TABLE shipping_methods (
    code       slug PRIMARY KEY,
    name       text NOT NULL,
    cost       cents NOT NULL,
    max_days   integer NOT NULL CHECK (max_days > 0),
    is_tracked boolean NOT NULL DEFAULT true
);
