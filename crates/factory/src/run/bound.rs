//! How much one call may ask for. Every row lies in memory, here and in the
//! server, so a number that was mistyped must not take the process with it.

use seedbed_api::lease::ProblemCode;
use seedbed_api::{Failure, Kind, Result};

/// Rows of one call at most, those of children and of parents of their own
/// included. Chosen: far above what a test wants, far below what memory holds.
pub(crate) const MOST_ROWS: u64 = 2_000_000;

/// Checks how many rows of each table there would be.
///
/// # Errors
/// `Config` naming the table with the most.
pub(crate) fn bounded<'a>(rows: impl Iterator<Item = (&'a str, u64)>) -> Result<()> {
    let mut sum = 0_u64;
    let mut most = ("", 0);
    for (table, rows) in rows {
        sum = sum.saturating_add(rows);
        if rows >= most.1 {
            most = (table, rows);
        }
    }
    if sum <= MOST_ROWS {
        return Ok(());
    }
    let (table, rows) = most;
    let message = format!("{rows} rows of {table} are too many for one call");
    let why = format!("one call makes {MOST_ROWS} rows at most, those of other tables included");
    Err(Failure::new(Kind::Config, message)
        .coded(ProblemCode::CannotMake)
        .because(why)
        .hint("ask for fewer rows in each call"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_all_tables_count() {
        assert!(bounded([("a", 1_999_999), ("b", 1)].into_iter()).is_ok());
        let failure = bounded([("a", 1_999_999), ("b", 2)].into_iter()).unwrap_err();
        assert_eq!((failure.kind(), failure.code()), (Kind::Config, Some(ProblemCode::CannotMake)));
        assert!(
            failure.chain().starts_with("1999999 rows of a are too many"),
            "{}",
            failure.chain()
        );
        assert!(bounded([("a", u64::MAX), ("b", u64::MAX)].into_iter()).is_err());
    }
}
