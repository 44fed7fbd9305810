//! Check digits that a country's banks put inside an account number (the BBAN
//! of ISO 13616), for the countries of our locales that have some. By ECBS TR
//! 201, "Register of European Account Numbers", and the country's own rule
//! named at each function. German and British digits are each bank's own
//! affair, Brazil has none.

/// Where a country's check characters stand, and how they are found.
struct Rule {
    country: &'static str,
    /// Characters of an account number.
    length: usize,
    /// Where the two characters stand that [`Rule::find`] gives.
    place: usize,
    /// The right characters at `place`, whatever stands there; nothing if
    /// another character is none that the country has at its place.
    find: fn(&[u8]) -> Option<[char; 2]>,
}

const RULES: [Rule; 5] = [
    Rule { country: "ES", length: 20, place: 8, find: spanish },
    Rule { country: "FR", length: 23, place: 21, find: french },
    Rule { country: "IT", length: 23, place: 0, find: italian },
    Rule { country: "NL", length: 14, place: 12, find: dutch },
    Rule { country: "PL", length: 24, place: 6, find: polish },
];

/// Two characters of an account number as they have to be, and where they
/// stand; nothing where the country has no rule.
pub(crate) fn checked(country: &str, account: &str) -> Option<(usize, [char; 2])> {
    let rule = RULES.iter().find(|rule| rule.country == country)?;
    let account = account.as_bytes();
    if account.len() != rule.length {
        return None;
    }
    Some((rule.place, (rule.find)(account)?))
}

/// Whether an account number, an IBAN without its first four characters, has
/// the length and the check digits of its country: Spain (`ES`), France (`FR`),
/// Italy (`IT`), the Netherlands (`NL`), Poland (`PL`). Right for any other.
#[must_use]
pub fn is_bban(country: &str, account: &str) -> bool {
    if RULES.iter().all(|rule| rule.country != country) {
        return true;
    }
    checked(country, account).is_some_and(|(place, right)| {
        account.get(place..place + 2).is_some_and(|found| found.chars().eq(right))
    })
}

/// Código cuenta cliente: the first digit is that of bank and branch, the
/// second that of the account; 11 is written 0, and 10 is written 1 (Consejo
/// Superior Bancario).
fn spanish(account: &[u8]) -> Option<[char; 2]> {
    const WEIGHTS: [u32; 10] = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
    let control = |digits: &[u8], weights: &[u32]| {
        let check = 11 - weighted(digits, weights)? % 11;
        digit(if check >= 10 { 11 - check } else { check })
    };
    Some([control(&account[..8], &WEIGHTS[2..])?, control(&account[10..], &WEIGHTS)?])
}

/// Clé RIB: what makes the whole a multiple of 97, from 01 to 97; letters of
/// the account count as 1 to 9, S as 2 (CFONB).
fn french(account: &[u8]) -> Option<[char; 2]> {
    let (place, account) = account[..21].split_at(10);
    let place = place.iter().map(|byte| value(*byte));
    let account = account.iter().map(|byte| match byte {
        b'A'..=b'R' => Some(u32::from(byte - b'A') % 9 + 1),
        b'S'..=b'Z' => Some(u32::from(byte - b'S') + 2),
        _ => value(*byte),
    });
    let mut rest = 0;
    for value in place.chain(account) {
        rest = (rest * 10 + value?) % 97;
    }
    let key = 97 - rest * 100 % 97;
    Some([digit(key / 10)?, digit(key % 10)?])
}

/// Carattere di controllo interno: a letter, the sum of the 22 other
/// characters modulo 26. Those at odd places count by a table, as in the
/// codice fiscale; the others by their place in the alphabet (ABI).
fn italian(account: &[u8]) -> Option<[char; 2]> {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let mut sum = 0;
    for (index, byte) in account[1..].iter().enumerate() {
        let value = match byte {
            b'A'..=b'Z' if index >= 10 => u32::from(byte - b'A'),
            _ => value(*byte)?,
        };
        sum += if index % 2 == 0 { ODD[value as usize] } else { value };
    }
    Some([char::from(b'A' + (sum % 26) as u8), digit(value(account[1])?)?])
}

/// Elfproef: the ten digits times 10 down to 1 are a multiple of 11. Nine
/// digits whose tenth would be 10 are no account number; the ninth is another
/// one then.
fn dutch(account: &[u8]) -> Option<[char; 2]> {
    const WEIGHTS: [u32; 9] = [10, 9, 8, 7, 6, 5, 4, 3, 2];
    let (bank, digits) = account[..13].split_at(4);
    if !bank.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    let check = (11 - weighted(digits, &WEIGHTS)? % 11) % 11;
    let last = value(digits[8])?;
    let (last, check) = match (check, last) {
        (10, 9) => (8, 1),
        (10, _) => (last + 1, 8),
        _ => (last, check),
    };
    Some([digit(last)?, digit(check)?])
}

/// Numer rozliczeniowy: the eighth digit makes the weighted sum of the bank's
/// code a multiple of 10 (Narodowy Bank Polski).
fn polish(account: &[u8]) -> Option<[char; 2]> {
    const WEIGHTS: [u32; 7] = [3, 9, 7, 1, 3, 9, 7];
    if !account[8..].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let check = (10 - weighted(&account[..7], &WEIGHTS)? % 10) % 10;
    Some([digit(value(account[6])?)?, digit(check)?])
}

fn weighted(digits: &[u8], weights: &[u32]) -> Option<u32> {
    digits.iter().zip(weights).map(|(byte, weight)| Some(value(*byte)? * weight)).sum()
}

fn value(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(10)
}

fn digit(value: u32) -> Option<char> {
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::check_digit::is_iban;

    /// Examples of the IBAN registry (SWIFT) and of banks' own pages.
    const KNOWN: [&str; 12] = [
        "ES9121000418450200051332",
        "ES7921000813610123456789",
        "ES6621000418401234567891",
        "FR1420041010050500013M02606",
        "FR7630006000011234567890189",
        "IT60X0542811101000000123456",
        "NL91ABNA0417164300",
        "NL02ABNA0123456789",
        "NL44RABO0123456789",
        "PL61109010140000071219812874",
        "PL27114020040000300201355387",
        "DE89370400440532013000",
    ];

    #[test]
    fn known_accounts_are_right() {
        for iban in KNOWN {
            assert!(is_iban(iban) && is_bban(&iban[..2], &iban[4..]), "{iban}");
        }
    }

    /// Of the characters that the digits are for: not a Dutch bank, not a Polish
    /// account. The Spanish digit 1 stands for two remainders.
    #[test]
    fn every_single_wrong_digit_is_found() {
        for (iban, under) in
            [(KNOWN[4], 4..27), (KNOWN[5], 5..27), (KNOWN[6], 8..18), (KNOWN[9], 4..12)]
        {
            for place in under {
                for wrong in ('0'..='9').filter(|wrong| !iban[place..].starts_with(*wrong)) {
                    let mut text = iban.to_owned();
                    text.replace_range(place..=place, &wrong.to_string());
                    assert!(!is_bban(&text[..2], &text[4..]), "{text}");
                }
            }
        }
    }

    #[test]
    fn nonsense_is_wrong() {
        for (country, account) in [
            ("ES", ""),
            ("ES", "2100041845020005133"),
            ("ES", "2100041845020005133Z"),
            ("FR", "2004101005050001éM02606"),
            ("FR", "A004101005050001300026"),
            ("IT", "X054281110100000012345é"),
            ("NL", "abna0417164300"),
            ("NL", "04170417164300"),
            ("PL", "10901014000007121981287x"),
        ] {
            assert!(!is_bban(country, account), "{country} {account}");
        }
        assert!(is_bban("NO", "86011117947"), "a country without a rule here");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_account_of_the_form_is_made_right(
            account in "[0-9]{20}", letters in "[A-Z]{4}", key in "[0-9A-Z]{3}",
        ) {
            for (country, mut account) in [
                ("ES", account.clone()),
                ("FR", format!("{account}{key}")),
                ("IT", format!("X{account}{}", &key[..2])),
                ("NL", format!("{letters}{}", &account[..10])),
                ("PL", format!("{account}0000")),
            ] {
                let (place, right) = checked(country, &account).expect("of the form");
                account.replace_range(place..place + 2, &String::from_iter(right));
                prop_assert!(is_bban(country, &account), "{} {}", country, account);
            }
        }
    }
}
