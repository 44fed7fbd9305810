//! Figures beside their targets, for people and for programs.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::contestant::Contestant;

/// Everything one benchmark found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Name of the benchmark.
    pub(crate) name: &'static str,
    /// Facts of the machine, name and text.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Times.
    pub(crate) measures: Vec<Measure>,
    /// What is compared with a target, or just worth telling.
    pub(crate) verdicts: Vec<Verdict>,
    /// What could not be measured here, and why.
    pub(crate) absent: Vec<(String, String)>,
}

/// The samples of one contestant.
#[derive(Clone, Debug)]
pub(crate) struct Measure {
    name: String,
    samples: Vec<Duration>,
}

/// A figure and its target.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// What it is.
    pub(crate) name: String,
    /// Its unit; empty for a ratio.
    pub(crate) unit: &'static str,
    /// The figure.
    pub(crate) value: f64,
    /// What it should be; `None` where it is only told.
    target: Option<Bound>,
    /// Whether missing it spoils the report. What depends on the machine is
    /// compared, but not asserted.
    asserted: bool,
}

/// A target.
#[derive(Clone, Copy, Debug)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Measure {
    /// What a contestant achieved; `None` if it never had a turn.
    pub(crate) fn of(contestant: &Contestant<'_>) -> Option<Self> {
        Self::new(&contestant.name, contestant.samples.clone())
    }

    /// These samples; `None` if there are none.
    pub(crate) fn new(name: impl Into<String>, mut samples: Vec<Duration>) -> Option<Self> {
        samples.sort();
        (!samples.is_empty()).then(|| Self { name: name.into(), samples })
    }

    /// The middle of the samples, in milliseconds.
    pub(crate) fn median_ms(&self) -> f64 {
        let (low, high) = ((self.samples.len() - 1) / 2, self.samples.len() / 2);
        (ms(self.samples[low]) + ms(self.samples[high])) / 2.0
    }

    /// What 99 of 100 samples do not exceed, in milliseconds; of fewer than a
    /// hundred samples the longest.
    pub(crate) fn p99_ms(&self) -> f64 {
        ms(self.samples[(self.samples.len() * 99).div_ceil(100) - 1])
    }

    fn min_ms(&self) -> f64 {
        ms(self.samples[0])
    }

    fn max_ms(&self) -> f64 {
        ms(self.samples[self.samples.len() - 1])
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Verdict {
    /// A figure without a target.
    pub(crate) fn told(name: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self { name: name.into(), unit, value, target: None, asserted: true }
    }

    /// It should be this, or less.
    pub(crate) fn at_most(self, target: f64) -> Self {
        Self { target: Some(Bound::AtMost(target)), ..self }
    }

    /// It should be this, or more.
    pub(crate) fn at_least(self, target: f64) -> Self {
        Self { target: Some(Bound::AtLeast(target)), ..self }
    }

    /// The target is one for a quiet machine: missing it spoils nothing.
    pub(crate) fn not_asserted(self) -> Self {
        Self { asserted: false, ..self }
    }

    /// Whether the target is met, where there is one.
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Bound::AtMost(most) => self.value <= most,
            Bound::AtLeast(least) => self.value >= least,
        })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
        }
    }
}

impl Report {
    /// The median of the contestant with this name.
    pub(crate) fn median_ms(&self, name: &str) -> Option<f64> {
        self.measure(name).map(Measure::median_ms)
    }

    /// The samples of the contestant with this name.
    pub(crate) fn measure(&self, name: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.name == name)
    }

    /// Adds the ratio of two medians, if both were measured.
    pub(crate) fn compare(&mut self, name: &str, with: &str, target: Option<f64>) {
        if let (Some(value), Some(limit)) = (self.median_ms(name), self.median_ms(with)) {
            let verdict = Verdict::told(format!("{name} ÷ {with}"), "", value / limit);
            self.verdicts.push(match target {
                Some(target) => verdict.at_most(target),
                None => verdict,
            });
        }
    }

    /// Whether every asserted target is met, and there was one.
    pub(crate) fn is_good(&self) -> bool {
        let asserted = self.verdicts.iter().filter(|verdict| verdict.asserted);
        let met: Vec<bool> = asserted.filter_map(Verdict::is_met).collect();
        !met.is_empty() && met.iter().all(|met| *met)
    }

    /// How many targets there are, asserted or not.
    pub(crate) fn targets(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.target.is_some()).count()
    }

    /// The report as data.
    pub(crate) fn data(&self) -> Value {
        let facts: serde_json::Map<String, Value> =
            self.facts.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        let measures = self.measures.iter().map(|measure| {
            json!({
                "name": measure.name,
                "median_ms": measure.median_ms(),
                "p99_ms": measure.p99_ms(),
                "min_ms": measure.min_ms(),
                "max_ms": measure.max_ms(),
                "samples": measure.samples.len(),
            })
        });
        let verdicts = self.verdicts.iter().map(|verdict| {
            json!({
                "name": verdict.name,
                "unit": verdict.unit,
                "value": verdict.value,
                "target": verdict.target.map(|target| target.to_string()),
                "met": verdict.is_met(),
                "asserted": verdict.asserted,
            })
        });
        let absent =
            self.absent.iter().map(|(name, reason)| json!({ "name": name, "reason": reason }));
        json!({
            "bench": self.name,
            "machine": facts,
            "measures": measures.collect::<Vec<_>>(),
            "verdicts": verdicts.collect::<Vec<_>>(),
            "absent": absent.collect::<Vec<_>>(),
        })
    }
}

/// As many digits as say something.
fn digits(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.3}") } else { format!("{ms:.1}") }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in &self.facts {
            writeln!(f, "{name}: {text}")?;
        }
        let head = ["median ms", "p99", "min", "max"].map(|word| format!("{word:>10}")).concat();
        writeln!(f, "\n{:<58}{head} {:>6}", "", "n")?;
        for measure in &self.measures {
            let times = [measure.median_ms(), measure.p99_ms(), measure.min_ms(), measure.max_ms()];
            let times = times.map(|time| format!("{:>10}", digits(time))).concat();
            writeln!(f, "{:<58}{times} {:>6}", measure.name, measure.samples.len())?;
        }
        writeln!(f, "\n{:<98} {:>12} {:>14}", "", "figure", "target")?;
        for verdict in &self.verdicts {
            let Verdict { name, unit, value, target, asserted } = verdict;
            let target = target.map_or(String::new(), |target| format!("{target} {unit}"));
            let word = match (verdict.is_met(), asserted) {
                (None, _) => "",
                (Some(true), true) => "met",
                (Some(false), true) => "MISSED",
                (Some(true), false) => "PASS",
                (Some(false), false) => "MISS",
            };
            let figure = format!("{value:.2} {unit}");
            writeln!(f, "{name:<98} {:>12} {:>14} {word}", figure.trim(), target.trim())?;
        }
        for (name, reason) in &self.absent {
            writeln!(f, "{name}: not installed here: {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(name: &str, samples: &[u64]) -> Measure {
        let samples = samples.iter().map(|ms| Duration::from_millis(*ms)).collect();
        Measure { name: name.into(), samples }
    }

    #[test]
    fn medians_of_even_and_odd_counts() {
        assert!((measure("a", &[1, 2, 9]).median_ms() - 2.0).abs() < 1e-9);
        assert!((measure("a", &[1, 2, 4, 9]).median_ms() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn one_of_a_hundred_may_exceed_p99() {
        let samples: Vec<u64> = (1..=200).collect();
        assert!((measure("a", &samples).p99_ms() - 198.0).abs() < 1e-9);
        assert!((measure("a", &[7]).p99_ms() - 7.0).abs() < 1e-9);
        assert!((measure("a", &[7, 8]).p99_ms() - 8.0).abs() < 1e-9);
    }

    #[test]
    fn only_asserted_targets_spoil_the_report() {
        let mut report = Report::default();
        report.verdicts.push(Verdict::told("here", "ms", 3.0).at_most(1.0).not_asserted());
        assert!(!report.is_good(), "nothing was asserted");
        report.verdicts.push(Verdict::told("tests", "/s", 3.0).at_least(3.0));
        assert!(report.is_good());
        report.verdicts.push(Verdict::told("tests", "/s", 3.0).at_least(3.1));
        assert!(!report.is_good());
        let text = report.to_string();
        assert!(text.contains("≤ 1 ms MISS\n") && text.contains("≥ 3.1 /s MISSED\n"), "{text}");
    }

    #[test]
    fn a_missed_target_spoils_the_report() {
        let measures = vec![measure("limit", &[10]), measure("run", &[16])];
        let mut report = Report { measures, ..Report::default() };
        assert!(!report.is_good(), "nothing was compared");
        report.compare("run", "limit", None);
        assert!(!report.is_good(), "there was no target");
        report.compare("run", "limit", Some(1.7));
        assert!(report.is_good());
        report.compare("run", "limit", Some(1.5));
        assert!(!report.is_good());
        assert_eq!(report.data()["verdicts"][2]["met"], false);
        report.compare("run", "nobody", Some(1.0));
        assert_eq!(report.verdicts.len(), 3);
    }
}
