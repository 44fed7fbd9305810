//! Names on the wire: slots (`run/3`), leases (`3.17`: slot and count) and
//! marks (`3.17.2`: lease and count). They carry their origin, so that a mark
//! of another lease is told from one that is gone.

use seedbed_api::Result;
use seedbed_api::lease::ProblemCode;

/// Prefix of every slot's name.
const OWNER: &str = "run/";

/// Number of a slot, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SlotNumber(pub(crate) u32);

impl SlotNumber {
    /// `run/3`.
    pub(crate) fn name(self) -> String {
        format!("{OWNER}{}", self.0)
    }

    /// Reads `run/3` or `3`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        digits(text.strip_prefix(OWNER).unwrap_or(text))
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| *number > 0)
            .map(Self)
            .ok_or_else(|| {
                ProblemCode::UnknownSlot
                    .failure("a slot is named by its number, such as `run/3`")
                    .hint("seedbed ps --slots")
            })
    }

    /// Where it is in a list of all slots.
    pub(crate) fn index(self) -> usize {
        self.0 as usize - 1
    }

    /// The slot at a place in a list of all slots.
    pub(crate) fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX - 1) + 1)
    }
}

/// One lease of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LeaseId {
    pub(crate) slot: SlotNumber,
    /// How many leases the slot had before.
    pub(crate) count: u64,
}

impl LeaseId {
    pub(crate) fn name(self) -> String {
        format!("{}.{}", self.slot.0, self.count)
    }
}

/// What a request names: one lease, or whatever a slot is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeaseRef {
    pub(crate) slot: SlotNumber,
    /// `None`: the slot itself, leased or not.
    pub(crate) count: Option<u64>,
}

impl LeaseRef {
    /// Reads `3.17`, `3` or `run/3`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let unknown = || {
            ProblemCode::UnknownLease
                .failure("a lease is named as `3.17`, or by its slot, as `3`")
                .hint("echo \"$SEEDBED_LEASE\"")
        };
        let (slot, count) = match text.split_once('.') {
            Some((slot, count)) => (slot, Some(digits(count).ok_or_else(unknown)?)),
            None => (text, None),
        };
        let slot = SlotNumber::parse(slot).map_err(|_| unknown())?;
        Ok(Self { slot, count })
    }
}

/// The number of the slot that a lease, or a slot's name, means.
///
/// # Errors
/// `UnknownLease` if it is neither.
pub fn slot_number(lease: &str) -> Result<u32> {
    LeaseRef::parse(lease).map(|lease| lease.slot.0)
}

/// One mark of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MarkId {
    pub(crate) lease: LeaseId,
    pub(crate) count: u64,
}

impl MarkId {
    pub(crate) fn name(self) -> String {
        format!("{}.{}", self.lease.name(), self.count)
    }

    /// Reads a mark that must belong to `lease`.
    pub(crate) fn parse(text: &str, lease: LeaseId) -> Result<Self> {
        let parts: Option<Vec<u64>> = text.split('.').map(digits).collect();
        let Some([slot, leases, count]) = parts.as_deref() else {
            return Err(ProblemCode::UnknownMark
                .failure("a mark is named as `3.17.2`, the way it was returned")
                .hint("seedbed mark"));
        };
        if (*slot, *leases) != (u64::from(lease.slot.0), lease.count) {
            return Err(ProblemCode::ForeignMark
                .failure(format!("the mark belongs to another lease, not to {}", lease.name()))
                .hint("use a mark that this lease returned"));
        }
        Ok(Self { lease, count: *count })
    }
}

/// A number written in the one way we write it.
fn digits(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_nothing_else() {
        let slot = SlotNumber(3);
        let lease = LeaseId { slot, count: 17 };
        let mark = MarkId { lease, count: 2 };
        assert_eq!(SlotNumber::parse(&slot.name()).unwrap(), slot);
        assert_eq!(LeaseRef::parse(&lease.name()).unwrap(), LeaseRef { slot, count: Some(17) });
        assert_eq!(LeaseRef::parse("run/3").unwrap(), LeaseRef { slot, count: None });
        assert_eq!(MarkId::parse(&mark.name(), lease).unwrap(), mark);
        for text in ["", "0", "run/", "run/0", "-1", "+1", "01", "1x", "99999999999", "run/1/2"] {
            let failure = SlotNumber::parse(text).unwrap_err();
            assert_eq!(failure.code(), Some(ProblemCode::UnknownSlot), "{text}");
        }
        for text in ["", ".", "3.", ".3", "3.x", "3.1.2", "3.01"] {
            let failure = LeaseRef::parse(text).unwrap_err();
            assert_eq!(failure.code(), Some(ProblemCode::UnknownLease), "{text}");
        }
        for (text, code) in [
            ("3.17", ProblemCode::UnknownMark),
            ("x", ProblemCode::UnknownMark),
            ("3.17.x", ProblemCode::UnknownMark),
            ("3.16.2", ProblemCode::ForeignMark),
            ("4.17.2", ProblemCode::ForeignMark),
        ] {
            assert_eq!(MarkId::parse(text, lease).unwrap_err().code(), Some(code), "{text}");
        }
    }
}
