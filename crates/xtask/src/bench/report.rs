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
    /// The most it may be; `None` where it is only told.
    pub(crate) target: Option<f64>,
}

impl Measure {
    /// What a contestant achieved; `None` if it never had a turn.
    pub(crate) fn of(contestant: &Contestant<'_>) -> Option<Self> {
        let mut samples = contestant.samples.clone();
        samples.sort();
        (!samples.is_empty()).then(|| Self { name: contestant.name.clone(), samples })
    }

    /// The middle of the samples, in milliseconds.
    pub(crate) fn median_ms(&self) -> f64 {
        let (low, high) = ((self.samples.len() - 1) / 2, self.samples.len() / 2);
        (ms(self.samples[low]) + ms(self.samples[high])) / 2.0
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
    /// Whether the target is met, where there is one.
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.target.map(|target| self.value <= target)
    }
}

impl Report {
    /// The median of the contestant with this name.
    pub(crate) fn median_ms(&self, name: &str) -> Option<f64> {
        self.measures.iter().find(|measure| measure.name == name).map(Measure::median_ms)
    }

    /// Adds the ratio of two medians, if both were measured.
    pub(crate) fn compare(&mut self, name: &str, with: &str, target: Option<f64>) {
        if let (Some(value), Some(limit)) = (self.median_ms(name), self.median_ms(with)) {
            let name = format!("{name} ÷ {with}");
            self.verdicts.push(Verdict { name, unit: "", value: value / limit, target });
        }
    }

    /// Whether every target is met, and there was one.
    pub(crate) fn is_good(&self) -> bool {
        let met: Vec<bool> = self.verdicts.iter().filter_map(Verdict::is_met).collect();
        !met.is_empty() && met.iter().all(|met| *met)
    }

    /// The report as data.
    pub(crate) fn data(&self) -> Value {
        let facts: serde_json::Map<String, Value> =
            self.facts.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        let measures = self.measures.iter().map(|measure| {
            json!({
                "name": measure.name,
                "median_ms": measure.median_ms(),
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
                "target": verdict.target,
                "met": verdict.is_met(),
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

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in &self.facts {
            writeln!(f, "{name}: {text}")?;
        }
        writeln!(f, "\n{:<58} {:>10} {:>10} {:>10} {:>4}", "", "median ms", "min", "max", "n")?;
        for measure in &self.measures {
            let (name, count) = (&measure.name, measure.samples.len());
            let (median, min, max) = (measure.median_ms(), measure.min_ms(), measure.max_ms());
            writeln!(f, "{name:<58} {median:>10.1} {min:>10.1} {max:>10.1} {count:>4}")?;
        }
        writeln!(f, "\n{:<78} {:>10} {:>10}", "", "figure", "target")?;
        for verdict in &self.verdicts {
            let Verdict { name, unit, value, target } = verdict;
            let target = target.map_or(String::new(), |target| format!("≤ {target} {unit}"));
            let word = match verdict.is_met() {
                None => "",
                Some(true) => "met",
                Some(false) => "MISSED",
            };
            let figure = format!("{value:.2} {unit}");
            writeln!(f, "{name:<78} {:>10} {:>10} {word}", figure.trim(), target.trim())?;
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
