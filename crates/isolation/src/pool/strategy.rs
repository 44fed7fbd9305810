//! How the server copies a template, and which way is the fastest here. Until
//! that is measured, the fallback is what measurements elsewhere suggest; the
//! clones a pool must make anyway try each way once.

use std::collections::BTreeMap;
use std::time::Duration;

use seedbed_api::Result;
use seedbed_db::{Complaint, Session};
use serde::{Deserialize, Serialize};

/// A later way replaces the fallback only if it took at most this share, in
/// percent, of its time: one measurement each says no more.
const CLEARLY_FASTER: u128 = 90;

/// A way to copy a database's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Strategy {
    /// The only one before 15: files are copied between two checkpoints.
    Only,
    /// Page by page through shared buffers and the log; no checkpoint.
    WalLog,
    /// Files between two checkpoints, read and written.
    FileCopy,
    /// The same, by the kernel: reflinks where the file system has them
    /// (`file_copy_method = clone`, from 18).
    FileClone,
}

impl Strategy {
    /// The word for it in reports.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Only => "file_copy (the only one)",
            Self::WalLog => "wal_log",
            Self::FileCopy => "file_copy",
            Self::FileClone => "file_copy by clone",
        }
    }

    /// Ways a server offers, the most promising first. A checkpoint costs
    /// little without `fsync`; the kernel's copy was never slower.
    fn offered(major: u16, fsync: bool) -> Vec<Self> {
        match (major, fsync) {
            (..15, _) => vec![Self::Only],
            (15..18, false) => vec![Self::FileCopy, Self::WalLog],
            (15..18, true) => vec![Self::WalLog, Self::FileCopy],
            (18.., false) => vec![Self::FileClone, Self::FileCopy, Self::WalLog],
            (18.., true) => vec![Self::WalLog, Self::FileClone, Self::FileCopy],
        }
    }

    /// What is used where nothing is measured.
    pub(crate) async fn fallback(session: &Session) -> Result<Self> {
        let major = session.server_version().0;
        let fsync = major >= 15 && has_fsync(session).await?;
        Ok(Self::offered(major, fsync).into_iter().next().unwrap_or(Self::Only))
    }

    /// Prepares the session and returns the end of `CREATE DATABASE`. A
    /// platform without `clone` (SQLSTATE 22023) copies.
    pub(crate) async fn clause(self, session: &Session) -> Result<&'static str> {
        let method = match self {
            Self::Only => return Ok(""),
            Self::WalLog => return Ok(" STRATEGY WAL_LOG"),
            Self::FileCopy => "copy",
            Self::FileClone => "clone",
        };
        if session.server_version().0 >= 18 {
            match session.batch(&format!("SET file_copy_method = '{method}'")).await {
                Err(failure) if !Complaint::is(&failure, "22023") => return Err(failure),
                _ => {}
            }
        }
        Ok(" STRATEGY FILE_COPY")
    }
}

/// Whether the server waits for its disk.
pub(crate) async fn has_fsync(session: &Session) -> Result<bool> {
    Ok(session.value("SHOW fsync").await?.as_deref() != Some("off"))
}

/// Finds the fastest way. Pure.
#[derive(Debug)]
pub(crate) struct Chooser {
    /// Ways not tried yet, the next one first.
    untried: Vec<Strategy>,
    fallback: Strategy,
    took: BTreeMap<Strategy, Duration>,
    settled: Option<Strategy>,
}

impl Chooser {
    /// For a server that offers these ways; `remembered` from an earlier time.
    pub(crate) fn new(major: u16, fsync: bool, remembered: Option<Strategy>) -> Self {
        let mut untried = Strategy::offered(major, fsync);
        let fallback = untried.first().copied().unwrap_or(Strategy::Only);
        let settled = remembered
            .filter(|one| untried.contains(one))
            .or((untried.len() < 2).then_some(fallback));
        if settled.is_some() {
            untried.clear();
        }
        Self { untried, fallback, took: BTreeMap::new(), settled }
    }

    /// How to make the next clone.
    pub(crate) fn next(&mut self) -> Strategy {
        if self.untried.is_empty() { self.best() } else { self.untried.remove(0) }
    }

    /// A clone took so long. Returns whether this settled the question.
    pub(crate) fn took(&mut self, strategy: Strategy, time: Duration) -> bool {
        if self.settled.is_some() {
            return false;
        }
        let least = self.took.entry(strategy).or_insert(time);
        *least = time.min(*least);
        if !self.untried.is_empty() {
            return false;
        }
        self.settled = Some(self.fastest());
        true
    }

    /// The fastest as far as is known.
    pub(crate) fn best(&self) -> Strategy {
        self.settled.unwrap_or(self.fallback)
    }

    /// Whether it is measured or remembered.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.is_some()
    }

    fn fastest(&self) -> Strategy {
        let Some((&quickest, &least)) = self.took.iter().min_by_key(|(_, time)| **time) else {
            return self.fallback;
        };
        match self.took.get(&self.fallback) {
            Some(time) if least.as_micros() * 100 > time.as_micros() * CLEARLY_FASTER => {
                self.fallback
            }
            _ => quickest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn each_way_is_tried_once_and_the_clearly_fastest_stays() {
        use Strategy::{FileClone, FileCopy, Only, WalLog};
        for (major, fsync, times, expected) in [
            (15, false, vec![(FileCopy, 10), (WalLog, 20)], FileCopy),
            (15, false, vec![(FileCopy, 20), (WalLog, 10)], WalLog),
            (15, false, vec![(FileCopy, 20), (WalLog, 19)], FileCopy),
            (15, true, vec![(WalLog, 20), (FileCopy, 10)], FileCopy),
            (18, false, vec![(FileClone, 20), (FileCopy, 21), (WalLog, 9)], WalLog),
            (18, true, vec![(WalLog, 20), (FileClone, 5), (FileCopy, 30)], FileClone),
        ] {
            let mut chooser = Chooser::new(major, fsync, None);
            let last = times.len() - 1;
            for (index, (strategy, time)) in times.into_iter().enumerate() {
                assert_eq!(chooser.next(), strategy);
                assert_eq!(chooser.took(strategy, ms(time)), index == last);
            }
            assert_eq!((chooser.next(), chooser.best()), (expected, expected));
            assert!(!chooser.took(expected, ms(1)));
        }
        let mut old = Chooser::new(13, false, Some(WalLog));
        assert_eq!((old.next(), old.is_settled()), (Only, true));
        let mut known = Chooser::new(16, false, Some(WalLog));
        assert_eq!((known.next(), known.is_settled()), (WalLog, true));
        // Remembered on a newer server.
        let mut unknown = Chooser::new(16, false, Some(FileClone));
        assert_eq!((unknown.next(), unknown.is_settled()), (FileCopy, false));
    }

    #[test]
    fn a_way_that_failed_does_not_hold_up_the_answer() {
        let mut chooser = Chooser::new(15, false, None);
        assert_eq!(chooser.next(), Strategy::FileCopy);
        // It fails, so no time is told; and while the next is under way:
        assert_eq!(chooser.next(), Strategy::WalLog);
        assert_eq!(chooser.next(), Strategy::FileCopy);
        assert!(chooser.took(Strategy::WalLog, ms(30)));
        assert_eq!(chooser.best(), Strategy::WalLog);
    }
}
