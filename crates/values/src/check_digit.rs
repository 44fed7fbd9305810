//! Check digits: Luhn (ISO/IEC 7812), IBAN (ISO 13616, modulo 97 of ISO
//! 7064), GS1 (EAN-13, UPC-A), ISBN-10. Digits are ASCII characters; whatever
//! else stands in a text given to a check makes it wrong.

/// The digit that completes `payload` by Luhn; 0 for what is no digit.
#[must_use]
pub fn luhn(payload: &str) -> char {
    let sum: u32 = payload
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let doubled = digit(byte) * (2 - place as u32 % 2);
            doubled / 10 + doubled % 10
        })
        .sum();
    as_char((10 - sum % 10) % 10)
}

/// Whether the last digit is the others' Luhn digit.
#[must_use]
pub fn is_luhn(number: &str) -> bool {
    completes(number, 2, luhn)
}

/// The digit that completes `payload` by GS1's alternating weights 3 and 1.
#[must_use]
pub fn mod10(payload: &str) -> char {
    let sum: u32 = payload
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| digit(byte) * if place % 2 == 0 { 3 } else { 1 })
        .sum();
    as_char((10 - sum % 10) % 10)
}

/// Whether the last digit is the others' GS1 digit: EAN-8, UPC-A, EAN-13,
/// ISBN-13 alike.
#[must_use]
pub fn is_mod10(number: &str) -> bool {
    completes(number, 2, mod10)
}

/// An EAN-13, or an ISBN-13, of its first twelve digits.
#[must_use]
pub fn ean13(payload: &str) -> String {
    format!("{payload}{}", mod10(payload))
}

/// The character that completes the nine digits of an ISBN-10: 0 to 9 or `X`.
#[must_use]
pub fn isbn10(payload: &str) -> char {
    let sum: u32 =
        payload.bytes().zip((2..=10).rev()).map(|(byte, weight)| digit(byte) * weight).sum();
    match (11 - sum % 11) % 11 {
        10 => 'X',
        rest => as_char(rest),
    }
}

/// Whether the last character is that of an ISBN-10.
#[must_use]
pub fn is_isbn10(number: &str) -> bool {
    number.len() == 10
        && number.is_char_boundary(9)
        && number[..9].bytes().all(|byte| byte.is_ascii_digit())
        && number.ends_with(isbn10(&number[..9]))
}

/// The two check digits of an IBAN of this country and account.
#[must_use]
pub fn iban(country: &str, account: &str) -> [char; 2] {
    let rest = modulo_97(account.bytes().chain(country.bytes()).chain(*b"00"));
    let check = 98 - rest;
    [as_char(check / 10), as_char(check % 10)]
}

/// Whether the check digits are right; spaces are not allowed. Says nothing
/// about the country's length or the digits a bank adds inside: see
/// [`crate::is_bban`].
#[must_use]
pub fn is_iban(number: &str) -> bool {
    (5..=34).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        && number[..2].bytes().all(|byte| byte.is_ascii_uppercase())
        && number[2..4].bytes().all(|byte| byte.is_ascii_digit())
        && modulo_97(number[4..].bytes().chain(number[..4].bytes())) == 1
}

/// A letter counts as its two digits, `A` = 10 to `Z` = 35.
fn modulo_97(characters: impl Iterator<Item = u8>) -> u32 {
    characters.fold(0, |rest, byte| match byte {
        b'A'..=b'Z' => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        _ => (rest * 10 + digit(byte)) % 97,
    })
}

fn completes(number: &str, least: usize, check: fn(&str) -> char) -> bool {
    number.len() >= least
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && number.ends_with(check(&number[..number.len() - 1]))
}

fn digit(byte: u8) -> u32 {
    if byte.is_ascii_digit() { u32::from(byte - b'0') } else { 0 }
}

fn as_char(digit: u32) -> char {
    char::from_digit(digit, 10).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_are_right() {
        // Stripe's and the card schemes' published test numbers.
        for number in ["4242424242424242", "5555555555554444", "378282246310005", "79927398713"] {
            assert!(is_luhn(number), "{number}");
        }
        // Examples of the IBAN registry (SWIFT) for the countries of our locales and a few more.
        for number in [
            "GB29NWBK60161331926819",
            "DE89370400440532013000",
            "FR1420041010050500013M02606",
            "ES9121000418450200051332",
            "IT60X0542811101000000123456",
            "NL91ABNA0417164300",
            "PL61109010140000071219812874",
            "BR1800360305000010009795493C1",
            "NO9386011117947",
        ] {
            assert!(is_iban(number), "{number}");
            let [a, b] = iban(&number[..2], &number[4..]);
            assert_eq!(format!("{a}{b}"), number[2..4], "{number}");
        }
        for number in ["4006381333931", "036000291452", "9780306406157", "73513537"] {
            assert!(is_mod10(number), "{number}");
        }
        assert_eq!(ean13("978030640615"), "9780306406157");
        for number in ["0306406152", "080442957X"] {
            assert!(is_isbn10(number), "{number}");
        }
    }

    #[test]
    fn every_single_wrong_digit_is_found() {
        type Check = fn(&str) -> bool;
        let table: [(&str, Check); 4] = [
            ("4242424242424242", is_luhn),
            ("4006381333931", is_mod10),
            ("0306406152", is_isbn10),
            ("DE89370400440532013000", is_iban),
        ];
        for (number, check) in table {
            for (place, right) in number.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
                for wrong in ('0'..='9').filter(|wrong| *wrong != right) {
                    let mut text = number.to_owned();
                    text.replace_range(place..=place, &wrong.to_string());
                    assert!(!check(&text), "{text}");
                }
            }
        }
    }

    #[test]
    fn nonsense_is_wrong_and_does_not_panic() {
        for text in [
            "",
            "1",
            "x",
            "é",
            "ééééé",
            "GB",
            "GB2é",
            "123456789é",
            "12 4",
            "de89370400440532013000",
        ] {
            assert!(
                !is_luhn(text) && !is_mod10(text) && !is_isbn10(text) && !is_iban(text),
                "{text}"
            );
        }
    }
}
