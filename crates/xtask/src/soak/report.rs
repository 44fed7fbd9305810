//! What the lanes found, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One line from a lane.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// Row of the table: a participant, or a cycle.
    pub(crate) row: String,
    /// Column that counts it: a scene, or what was run.
    pub(crate) column: String,
    /// What happened.
    pub(crate) outcome: Outcome,
}

/// How a round ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// As it should; how many processes were killed, and how long it took
    /// until everything was clean (a kill) or done (a run).
    Good {
        /// Processes killed.
        kills: u64,
        /// The time.
        took: Duration,
    },
    /// The victim did not exist, or was gone already: nothing was tested.
    Missed,
    /// Something was left, or did not work.
    Fault(String),
    /// Something worth telling: figures, or why a thing is not possible here.
    Note(String),
}

/// All findings.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: BTreeMap<String, Row>,
    notes: Vec<String>,
}

#[derive(Debug, Default)]
struct Row {
    columns: BTreeMap<String, u64>,
    kills: u64,
    missed: u64,
    faults: u64,
    times: Vec<Duration>,
}

impl Report {
    /// Adds a finding; a fault is shown at once.
    pub(crate) fn add(&mut self, finding: Finding) {
        let row = self.rows.entry(finding.row.clone()).or_default();
        match finding.outcome {
            Outcome::Good { kills, took } => {
                *row.columns.entry(finding.column).or_default() += 1;
                row.kills += kills;
                row.times.push(took);
            }
            Outcome::Missed => row.missed += 1,
            Outcome::Fault(evidence) => {
                row.faults += 1;
                println!("FAIL {} ({}): {evidence}", finding.row, finding.column);
            }
            Outcome::Note(note) => self.notes.push(format!("{}: {note}", finding.row)),
        }
    }

    /// Whether something was done and nothing went wrong.
    pub(crate) fn is_good(&self) -> bool {
        self.rows.values().all(|row| row.faults == 0)
            && self.rows.values().any(|row| !row.times.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<23} {:>7} {:>7} {:>7} {:>6} {:>10} {:>10}  where",
            "", "rounds", "kills", "missed", "faults", "median", "longest"
        )?;
        let mut sum = Row::default();
        for (name, row) in &self.rows {
            line(f, name, row)?;
            sum.kills += row.kills;
            sum.missed += row.missed;
            sum.faults += row.faults;
            sum.times.extend(&row.times);
        }
        line(f, "all", &sum)?;
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, row: &Row) -> fmt::Result {
    let mut times = row.times.clone();
    times.sort();
    let shown = |time: Option<&Duration>| {
        time.map_or("-".to_owned(), |time| format!("{} ms", time.as_millis()))
    };
    let columns: Vec<String> =
        row.columns.iter().map(|(column, count)| format!("{column} {count}")).collect();
    writeln!(
        f,
        "{name:<23} {:>7} {:>7} {:>7} {:>6} {:>10} {:>10}  {}",
        times.len() as u64 + row.faults,
        row.kills,
        row.missed,
        row.faults,
        shown(times.get(times.len() / 2)),
        shown(times.last()),
        columns.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(outcome: Outcome) -> Finding {
        Finding { row: "run".into(), column: "cached".into(), outcome }
    }

    #[test]
    fn one_fault_spoils_the_report_and_nothing_done_is_not_good() {
        let mut report = Report::default();
        assert!(!report.is_good());
        report.add(finding(Outcome::Missed));
        assert!(!report.is_good());
        report.add(finding(Outcome::Good { kills: 2, took: Duration::from_millis(7) }));
        assert!(report.is_good());
        let table = report.to_string();
        let all = table.lines().last().unwrap();
        assert_eq!(
            all.split_whitespace().collect::<Vec<_>>(),
            ["all", "1", "2", "1", "0", "7", "ms", "7", "ms"]
        );
        report.add(finding(Outcome::Fault("left".into())));
        assert!(!report.is_good());
    }
}
