//! A real server accepts every value as input of its natural type, and gives
//! back text for what we call text.

use std::fmt::Write as _;

use seedbed_testkit::Server;
use seedbed_values::{Generator, Locale, Natural};

use crate::value::value;

const fn sql(natural: Natural) -> &'static str {
    match natural {
        Natural::Text => "text",
        Natural::Integer => "smallint",
        Natural::Numeric => "numeric",
        Natural::Boolean => "boolean",
        Natural::Date => "date",
        Natural::Time => "time",
        Natural::Timestamp => "timestamptz",
        Natural::Interval => "interval",
        Natural::Uuid => "uuid",
        Natural::Inet => "inet",
        Natural::Cidr => "cidr",
        Natural::Macaddr => "macaddr",
        Natural::Json => "jsonb",
        Natural::Bytea => "bytea",
    }
}

#[test]
fn every_value_is_input_of_its_type() {
    let server = Server::start();
    for generator in Generator::ALL {
        let mut values = String::new();
        for locale in Locale::ALL {
            for row in 0..20 {
                let comma = if values.is_empty() { "" } else { ", " };
                let text = value(*generator, locale, row);
                let _ = write!(values, "{comma}($v${text}$v$)");
            }
        }
        let natural = sql(generator.natural());
        // The cast fails the statement; a timestamp's zone may be left off.
        let also = match generator.natural() {
            Natural::Timestamp => "timestamp",
            Natural::Numeric => "float8",
            Natural::Json => "json",
            _ => natural,
        };
        let count = server.psql(
            "postgres",
            &format!(
                "select count(v::{natural}) + count(v::{also}) from (values {values}) as t(v)"
            ),
        );
        assert_eq!(count.trim(), "400", "{}", generator.word());
    }
    let zones: Vec<String> = Locale::ALL
        .iter()
        .flat_map(|locale| (0..20).map(|row| value(Generator::Timezone, *locale, row)))
        .map(|zone| format!("('{zone}')"))
        .collect();
    let unknown = server.psql(
        "postgres",
        &format!(
            "select count(*) from (values {}) as t(v) where v not in (select name from pg_timezone_names)",
            zones.join(", ")
        ),
    );
    assert_eq!(unknown.trim(), "0");
}
