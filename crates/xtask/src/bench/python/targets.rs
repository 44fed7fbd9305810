//! The targets of the package for Python, and what else is worth comparing.

use super::super::isolation::shape::Shape;
use super::super::report::{Report, Verdict};
use super::arms::{ALONE, ARMS, BESIDE, COMMITTED, IMPORTS, Kind, PLAIN, WITH_PLUGIN, test, whole};

/// A test of ours: mark, one row, rewind.
const TEST_MS: f64 = 3.0;
/// From the small schema to the wide one.
const WIDE_MS: f64 = 0.5;
/// The best peer whose tests may commit, on the same schema.
const AGAINST_PEER: f64 = 10.0;
/// `import seedbed`.
const IMPORT_MS: f64 = 30.0;
/// Added to a test that uses no database.
const NOTHING_US: f64 = 1_000.0;

/// Targets that a run without peers has: a test on both schemas and what the
/// wide one costs more, the import, and two kinds of test without a database.
pub(super) const COUNT: usize = 3 + 1 + 2;

/// Adds every comparison to the report. Ratios are asserted; milliseconds,
/// which depend on the machine, are compared only.
pub(super) fn compare(report: &mut Report, small: &Shape, wide: &Shape) {
    let [own, in_wide] = [small, wide].map(|shape| test(COMMITTED, shape));
    for name in [&own, &in_wide] {
        tell(report, report.median_ms(name), name.clone(), "ms", TEST_MS);
    }
    let more = difference(report, &in_wide, &own);
    tell(report, more, format!("{in_wide} − {own}"), "ms", WIDE_MS);
    for shape in [small, wide] {
        against_peers(report, shape);
    }
    let import = IMPORTS[0].1;
    tell(report, report.median_ms(import), import.to_owned(), "ms", IMPORT_MS);
    for name in [WITH_PLUGIN, BESIDE] {
        let more = difference(report, &whole(name), &whole(PLAIN)).map(|ms| ms * 1e3);
        tell(report, more, format!("{} − {}", whole(name), whole(PLAIN)), "µs", NOTHING_US);
    }
    let [select, hit, insert, miss] = ALONE.map(|(_, name)| name);
    report.compare(hit, select, None);
    report.compare(miss, insert, None);
}

/// The best peer whose tests may commit; the others are told.
fn against_peers(report: &mut Report, shape: &Shape) {
    let own = test(COMMITTED, shape);
    let Some(ours) = report.median_ms(&own) else { return };
    let all =
        |kind| ARMS.iter().filter(move |arm| arm.kind == kind).map(|arm| test(arm.name, shape));
    let best = all(Kind::Committed)
        .filter_map(|name| Some((report.median_ms(&name)?, name)))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let Some((time, best)) = best else { return };
    let ratio = Verdict::told(format!("the best peer, {best} ÷ ours"), "×", time / ours);
    report.verdicts.push(ratio.at_least(AGAINST_PEER));
    for name in all(Kind::Committed).filter(|name| *name != best).chain(all(Kind::RolledBack)) {
        report.compare(&name, &own, None);
    }
    report.compare(&whole(&best), &whole(&own), None);
}

fn difference(report: &Report, name: &str, from: &str) -> Option<f64> {
    Some(report.median_ms(name)? - report.median_ms(from)?)
}

fn tell(report: &mut Report, value: Option<f64>, name: String, unit: &'static str, target: f64) {
    let verdict = value.map(|value| Verdict::told(name, unit, value).at_most(target));
    report.verdicts.extend(verdict.map(Verdict::not_asserted));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::isolation::shape::FEW;
    use super::super::super::report::Measure;
    use super::*;

    fn report(figures: &[(String, u64)]) -> Report {
        let measure = |(name, ms): &(String, u64)| {
            Measure::new(name.clone(), vec![Duration::from_millis(*ms)]).unwrap()
        };
        Report { measures: figures.iter().map(measure).collect(), ..Report::default() }
    }

    #[test]
    fn ours_is_measured_against_the_best_peer_that_commits() {
        let (small, wide) = (Shape::new(30, FEW), Shape::new(400, FEW));
        let name = |kind| ARMS.iter().filter(move |arm| arm.kind == kind).map(|arm| arm.name);
        let mut figures = vec![(test(COMMITTED, &small), 2), (test(COMMITTED, &wide), 2)];
        for (peer, ms) in name(Kind::Committed).zip([50, 19, 90]) {
            figures.push((test(peer, &small), ms));
            figures.push((test(peer, &wide), 10 * ms));
        }
        // One that commits nothing is no match, however fast it is.
        figures.extend(name(Kind::RolledBack).map(|peer| (test(peer, &small), 1)));
        let mut report = report(&figures);
        compare(&mut report, &small, &wide);
        let best: Vec<_> =
            report.verdicts.iter().filter(|one| one.name.starts_with("the best peer")).collect();
        assert_eq!(best.iter().map(|one| one.value).collect::<Vec<_>>(), [9.5, 95.0]);
        assert!(!report.is_good(), "9.5 is less than 10");
    }

    #[test]
    fn what_was_not_measured_has_no_target() {
        let mut report = report(&[(whole(PLAIN), 1), (whole(BESIDE), 3)]);
        compare(&mut report, &Shape::new(30, FEW), &Shape::new(400, FEW));
        assert_eq!(report.targets(), 1);
        assert_eq!(report.verdicts[0].value, 2000.0);
    }
}
