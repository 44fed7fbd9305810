//! Work on many rows, shared among the machine's cores.
//!
//! Invariant: what comes out is the same however many threads there are. The
//! work on a row is a pure function of that row, parts are runs of neighbours,
//! and they are put together in their order; of several failures the one of the
//! lowest part is told, which is the one that a single thread would meet first.
//! So threads are no input or output, and a library without a server may use
//! them: all have ended when the call returns.

use std::panic::resume_unwind;
use std::thread::{Builder, available_parallelism, scope};

use seedbed_api::Result;

/// Rows of one thread at least: starting it takes as long as tens of rows.
const PART: usize = 2_000;

/// Threads at most: beyond, the server is what everybody waits for.
const THREADS: usize = 8;

/// The results of `work` on runs of `rows`, one after the other.
///
/// # Errors
/// That of the first run whose work fails.
pub(super) fn shared<T: Send>(
    rows: &[u32],
    work: impl Fn(&[u32]) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let most = (rows.len() / PART).min(THREADS);
    let threads = if most < 2 { 1 } else { available_parallelism().map_or(1, usize::from) };
    among(threads.min(most), rows, work)
}

fn among<T: Send>(
    threads: usize,
    rows: &[u32],
    work: impl Fn(&[u32]) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    if threads < 2 {
        return Ok(vec![work(rows)?]);
    }
    let work = &work;
    let (own, others) = rows.split_at(rows.len().div_ceil(threads));
    scope(|scope| {
        let others: Vec<_> = others
            .chunks(own.len().max(1))
            .map(|part| (part, Builder::new().spawn_scoped(scope, move || work(part))))
            .collect();
        let mut results = vec![work(own)?];
        for (part, other) in others {
            results.push(match other {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic))?,
                // The operating system has no thread to give.
                Err(_) => work(part)?,
            });
        }
        Ok(results)
    })
}

#[cfg(test)]
mod tests {
    use seedbed_api::{Failure, Kind};

    use super::*;

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let square = |part: &[u32]| -> Result<Vec<u64>> {
            Ok(part.iter().map(|row| u64::from(*row).pow(2)).collect())
        };
        for count in [0_u32, 1, 2, 7, 1_000] {
            let rows: Vec<u32> = (0..count).collect();
            let alone = square(&rows).unwrap();
            for threads in 0..9 {
                assert_eq!(among(threads, &rows, square).unwrap().concat(), alone);
            }
        }
        assert_eq!(shared(&(0..9_999).collect::<Vec<_>>(), square).unwrap().concat().len(), 9_999);
    }

    #[test]
    fn the_first_failure_is_told() {
        let rows: Vec<u32> = (0..100).collect();
        let fail = |part: &[u32]| -> Result<()> {
            match part.iter().find(|row| **row == 40 || **row == 90) {
                Some(row) => Err(Failure::new(Kind::Config, format!("row {row}"))),
                None => Ok(()),
            }
        };
        for threads in 1..9 {
            assert_eq!(among(threads, &rows, fail).unwrap_err().to_string(), "row 40");
        }
    }
}
