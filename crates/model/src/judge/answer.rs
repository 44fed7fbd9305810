//! What the server said.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_api::{Failure, Kind, Result};

/// What the server says of a candidate that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Which of the rows asked for.
    pub row: u32,
    /// Which of its alternatives.
    pub attempt: u32,
    /// For each unique key of the table: candidates with the same number are
    /// equal to it; absent where the key does not bind the row.
    pub groups: Vec<Option<u64>>,
}

/// Reads the answer to [`super::candidates`].
///
/// # Errors
/// The answer is none to that question ([`Kind::Bug`]).
pub fn passed(rows: &[Vec<Option<String>>]) -> Result<Vec<Passed>> {
    rows.iter().map(|row| read(row).ok_or_else(unexpected)).collect()
}

fn read(row: &[Option<String>]) -> Option<Passed> {
    let [number, attempt, groups @ ..] = row else { return None };
    let groups = groups
        .iter()
        .map(|group| match group {
            None => Some(None),
            Some(text) => text.parse().ok().map(Some),
        })
        .collect::<Option<_>>()?;
    Some(Passed {
        row: number.as_ref()?.parse().ok()?,
        attempt: attempt.as_ref()?.parse().ok()?,
        groups,
    })
}

fn unexpected() -> Failure {
    Failure::new(Kind::Bug, "the server's judgement of candidate rows has an unexpected form")
}

/// For each row the first alternative that passed and is equal to none chosen
/// before it under any unique key; rows without one are absent.
#[must_use]
pub fn choose(passed: &[Passed]) -> BTreeMap<u32, u32> {
    let mut order: Vec<&Passed> = passed.iter().collect();
    order.sort_by_key(|candidate| (candidate.row, candidate.attempt));
    let mut taken: BTreeSet<(usize, u64)> = BTreeSet::new();
    let mut chosen = BTreeMap::new();
    for candidate in order {
        let groups = || {
            candidate
                .groups
                .iter()
                .enumerate()
                .filter_map(|(key, group)| group.map(|group| (key, group)))
        };
        if chosen.contains_key(&candidate.row) || groups().any(|group| taken.contains(&group)) {
            continue;
        }
        taken.extend(groups());
        chosen.insert(candidate.row, candidate.attempt);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_do_not_take_each_others_keys() {
        let row = |row: &str, attempt: &str, group: Option<&str>| {
            vec![Some(row.to_owned()), Some(attempt.to_owned()), group.map(str::to_owned)]
        };
        let answer = [
            row("1", "0", Some("7")),
            row("0", "1", Some("7")),
            row("0", "2", Some("8")),
            row("1", "3", Some("9")),
            row("2", "0", None),
            row("3", "0", None),
        ];
        let chosen = choose(&passed(&answer).unwrap());
        assert_eq!(chosen, BTreeMap::from([(0, 1), (1, 3), (2, 0), (3, 0)]));
    }

    #[test]
    fn another_answer_is_an_error() {
        assert!(passed(&[vec![None, None]]).is_err());
        assert!(passed(&[vec![Some("1".to_owned())]]).is_err());
    }
}
