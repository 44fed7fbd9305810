//! Alphabets bits are written in.

/// Crockford's base 32 in lower case: no `i`, `l`, `o`, `u`.
pub(crate) const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Crockford's base 32 as ULID writes it.
pub(crate) const BASE32_UPPER: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Base 64 of RFC 4648, section 4.
pub(crate) const BASE64: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base 64 for URLs (RFC 4648, section 5): the characters of a nanoid.
pub(crate) const BASE64_URL: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Hexadecimal.
pub(crate) const HEX: &[u8; 16] = b"0123456789abcdef";

/// Most digits of [`write_bits`]: 128 bits in base 2.
const DIGITS: usize = 128;

/// Appends the lowest `count` digits of `bits`, the highest of them first.
/// The alphabet is ASCII and its length a power of two.
pub(crate) fn write_bits(bits: u128, count: usize, alphabet: &[u8], out: &mut String) {
    let width = alphabet.len().trailing_zeros();
    let mut digits = [0; DIGITS];
    let start = DIGITS - count.min(DIGITS);
    let mut rest = bits;
    for digit in digits[start..].iter_mut().rev() {
        *digit = alphabet[rest as usize & (alphabet.len() - 1)];
        rest >>= width;
    }
    push_ascii(&digits[start..], out);
}

fn push_ascii(digits: &[u8], out: &mut String) {
    out.push_str(std::str::from_utf8(digits).unwrap_or_default());
}

/// Appends bytes in base 64, filled up with `=`.
pub(crate) fn write_base64(bytes: &[u8], out: &mut String) {
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
        let padding = 3 - three.len();
        write_bits(bits << (8 * padding) >> (6 * padding), 4 - padding, BASE64, out);
        out.extend(std::iter::repeat_n('=', padding));
    }
}

/// Appends a number with leading zeros up to `width` digits.
pub(crate) fn write_padded(number: u64, width: usize, out: &mut String) {
    let mut digits = [b'0'; 20];
    let (mut start, mut rest) = (digits.len(), number);
    while rest > 0 || digits.len() - start < width.clamp(1, 20) {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    push_ascii(&digits[start..], out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_64_of_rfc_4648_section_10() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            let mut out = String::new();
            write_base64(bytes.as_bytes(), &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn bits_and_numbers_are_written_whole() {
        let mut out = String::new();
        write_bits(0xabc, 4, HEX, &mut out);
        write_bits(u128::MAX, 26, BASE32_UPPER, &mut out);
        assert_eq!(out, format!("0abc7{}", "Z".repeat(25)));
        let table = [
            (0, 0, "0"),
            (0, 3, "000"),
            (42, 1, "42"),
            (7, 2, "07"),
            (u64::MAX, 1, "18446744073709551615"),
        ];
        for (number, width, text) in table {
            let mut out = String::new();
            write_padded(number, width, &mut out);
            assert_eq!(out, text);
        }
    }
}
