//! The name of a lease in a path: `3.17`, the seventeenth lease of slot 3, or
//! `3`, whatever lease slot 3 has now.

use seedbed_api::lease::ProblemCode;
use seedbed_api::{Failure, Result};

/// Characters of a name at most: two numbers of 64 bits and a dot.
const LONGEST: usize = 41;

/// The name in a segment of a path, as it stands there. Whether there is such
/// a lease is the service's to say.
pub(crate) fn read(segment: &str) -> Result<&str> {
    let (slot, lease) = segment.split_once('.').unwrap_or((segment, "0"));
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if segment.len() <= LONGEST && number(slot) && number(lease) {
        Ok(segment)
    } else {
        Err(unknown())
    }
}

fn unknown() -> Failure {
    ProblemCode::UnknownLease
        .failure("the path names no lease")
        .hint("name a lease by its identity, such as 3.17, or by its slot's number, such as 3")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_one_or_two_numbers() {
        for good in ["3", "3.17", "0", "18446744073709551615.18446744073709551615"] {
            assert_eq!(read(good).unwrap(), good);
        }
        for bad in ["", ".", "3.", ".3", "3.1.4", "run%2F3", "-1", "3 ", "٣", "3.a", "+3"] {
            assert_eq!(read(bad).unwrap_err().code(), Some(ProblemCode::UnknownLease), "{bad}");
        }
        assert!(read(&"1".repeat(LONGEST + 1)).is_err());
    }

    proptest! {
        #[test]
        fn any_two_numbers_are_a_name(slot: u64, lease: u64) {
            let name = format!("{slot}.{lease}");
            prop_assert_eq!(read(&name).ok(), Some(name.as_str()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
            if let Ok(name) = read(&text) {
                prop_assert!(name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
            }
        }
    }
}
