//! What a number, or a yes and no, of a column's name usually is. Only what is
//! drawn by itself: conditions of the schema and rows that must differ go beyond
//! it.

use std::fmt;

/// What values of a column usually are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usual {
    /// From the first to the second.
    Between(i64, i64),
    /// This one.
    Only(bool),
}

impl fmt::Display for Usual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(low, high) => write!(f, "{low} to {high}"),
            Self::Only(held) => write!(f, "{held}"),
        }
    }
}

/// Ends of names of numbers.
const NUMBERS: &[(&str, i64, i64)] = &[
    ("age|alter|edad|idade|leeftijd|wiek", 18, 80),
    ("percent|percentage|pct|percentile|prozent|porcentaje|pourcentage", 1, 100),
    ("hour|hour of day|stunde|hora|heure|uur", 0, 23),
    ("minute|second|minute of hour", 0, 59),
    ("day of week|weekday|dow|week day|wochentag", 1, 6),
    ("day|day of month|tag|dia|jour", 1, 28),
    ("day of year", 1, 365),
    ("week|week number|week of year|iso week", 1, 52),
    ("quarter|quartal", 1, 4),
    ("exp month|expiry month|expiration month", 1, 12),
    ("exp year|expiry year|expiration year", 2099, 2099),
    ("birth year|year of birth|geburtsjahr", 1944, 2005),
    ("rating|stars|bewertung", 1, 5),
    ("priority|prioritaet", 1, 5),
    ("tax rate|vat rate|interest rate|discount rate|commission rate", 1, 25),
    ("status code|http status|response status", 200, 204),
    ("port|port number", 1_024, 32_767),
    (
        "attempts|retries|retry count|attempt count|failed attempts|failure count|error count|lock version",
        0,
        3,
    ),
];

/// Words that say, as the last of a name, what an ordinary row is not.
const NO: &str = "deleted|disabled|locked|archived|banned|blocked|suspended|hidden|discarded|\
    removed|cancelled|canceled|expired|revoked|deactivated|trashed|inactive|spam|closed|muted|\
    flagged|deprecated|obsolete|invalid|failed|refunded|voided|frozen|rejected|terminated|\
    withdrawn|yanked|bounced|unsubscribed|anonymized|superseded|stale|broken|out of stock|\
    admin|superuser|staff|root|test|demo|bot|geloescht|gesperrt|deaktiviert|eliminado|borrado|\
    supprime|desactive|cancellato|excluido|verwijderd|usuniety";

/// The same of what it is.
const YES: &str =
    "active|enabled|aktiv|activo|actif|attivo|ativo|actief|aktywny|available|valid|visible";

/// What a number, or a yes and no, of a name usually is. It depends on the type
/// which of both counts.
pub(crate) fn usual(words: &[String], of_numbers: bool) -> Option<Usual> {
    let ends = (0..words.len()).map(|from| words[from..].join(" "));
    let has = |list: &str, end: &str| list.split('|').any(|entry| entry == end);
    if of_numbers {
        return ends.into_iter().find_map(|end| {
            let found = NUMBERS.iter().find(|(list, ..)| has(list, &end))?;
            Some(Usual::Between(found.1, found.2))
        });
    }
    let is_not = words.iter().any(|word| word == "not");
    ends.into_iter().find_map(|end| {
        let held = if has(NO, &end) {
            false
        } else if has(YES, &end) {
            true
        } else {
            return None;
        };
        Some(Usual::Only(held != is_not))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::words;

    #[test]
    fn names_say_what_is_usual() {
        let of = |name: &str, numbers| usual(&words(name), numbers);
        for (name, held) in [
            ("is_deleted", Some(false)),
            ("disabled", Some(false)),
            ("isLocked", Some(false)),
            ("active", Some(true)),
            ("isEnabled", Some(true)),
            ("is_not_deleted", Some(true)),
            ("newsletter", None),
            ("deleted_by_user", None),
        ] {
            assert_eq!(of(name, false), held.map(Usual::Only), "{name}");
        }
        for (name, between) in [
            ("age", Some((18, 80))),
            ("discount_percent", Some((1, 100))),
            ("dayOfWeek", Some((1, 6))),
            ("start_hour", Some((0, 23))),
            ("image", None),
            ("page", None),
        ] {
            assert_eq!(of(name, true), between.map(|(a, b)| Usual::Between(a, b)), "{name}");
        }
    }
}
