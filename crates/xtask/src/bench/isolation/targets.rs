//! The targets, and what else is worth comparing.

use super::super::report::{Report, Verdict};
use super::shape::Shape;
use super::touch::{TOUCHES, USUAL};
use super::{clones, handout, rewind, truncate, writes};

/// A large database against a small one: flat.
const FLAT: f64 = 1.2;
/// The best clone of the wide schema against a rewind there.
const AGAINST_CLONE: f64 = 40.0;
/// A batch on a journaled table against a plain one.
const BATCH: f64 = 1.6;
/// A single-row statement on a journaled table, more than on a plain one.
const SINGLE_US: f64 = 25.0;
/// Hand-out of an idle slot.
const HAND_OUT_MS: f64 = 1.0;
/// Rewind after one row, and after fifty.
const REWIND_MS: [(usize, f64); 2] = [(1, 0.5), (3, 1.0)];
/// From the small schema to the wide one.
const WIDE_MS: f64 = 0.5;
/// Tests of four clients.
const TESTS_PER_SECOND: f64 = 2_000.0;

/// Targets that a run without a large database has: those above, the batch's
/// and the single row's for three kinds of statement, the wide one's for one
/// and for fifty rows.
pub(crate) const COUNT: usize = 1 + 3 + 3 + 1 + 2 + 2 + 1;

/// Adds every comparison to the report. Ratios are asserted; milliseconds and
/// tests per second, which depend on the machine, are compared only.
pub(crate) fn compare(report: &mut Report, shapes: &[&Shape], peers: &[String], per_second: f64) {
    let [small, wide, rest @ ..] = shapes else { return };
    for large in rest {
        for touch in &TOUCHES {
            // Of nothing there is only the round trip.
            let target = (touch.rows > 0).then_some(FLAT);
            report.compare(&rewind(large, touch), &rewind(small, touch), target);
        }
    }
    let best = clones::created(wide)
        .into_iter()
        .filter_map(|name| Some((report.median_ms(&name)?, name)))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    for touch in &TOUCHES[1..=3] {
        if let (Some((clone, name)), Some(own)) = (&best, report.median_ms(&rewind(wide, touch))) {
            let name = format!("{name} ÷ rewind, {}", touch.name);
            let verdict = Verdict::told(name, "×", clone / own);
            let asserted = touch.rows == 1;
            report.verdicts.push(if asserted { verdict.at_least(AGAINST_CLONE) } else { verdict });
        }
    }
    write_costs(report);
    absolute(report, small, wide, per_second);
    for shape in [small, wide] {
        let own = rewind(shape, USUAL);
        report.compare(&clones::ready(shape), &own, None);
        report.compare(&truncate(shape, USUAL), &own, None);
        for peer in peers.iter().filter(|name| name.ends_with(&shape.name)) {
            report.compare(peer, &own, None);
        }
    }
}

fn write_costs(report: &mut Report) {
    for (journaled, plain, batch) in writes::pairs() {
        report.compare(&journaled, &plain, batch.then_some(BATCH));
        if let (Some(with), Some(without), false) =
            (report.median_ms(&journaled), report.median_ms(&plain), batch)
        {
            let more = (with - without) * 1e3;
            let verdict = Verdict::told(format!("{journaled} − {plain}"), "µs", more);
            report.verdicts.push(verdict.at_most(SINGLE_US).not_asserted());
        }
    }
}

/// What depends on the machine.
fn absolute(report: &mut Report, small: &Shape, wide: &Shape, per_second: f64) {
    if let Some(measure) = report.measure(handout::NAME) {
        let [p50, p99] = [("p50", measure.median_ms()), ("p99", measure.p99_ms())]
            .map(|(word, value)| Verdict::told(format!("{}, {word}", handout::NAME), "ms", value));
        report.verdicts.push(p50.at_most(HAND_OUT_MS).not_asserted());
        report.verdicts.push(p99);
    }
    for (index, target) in REWIND_MS {
        let touch = &TOUCHES[index];
        let (name, in_wide) = (rewind(small, touch), rewind(wide, touch));
        if let (Some(own), Some(value)) = (report.median_ms(&name), report.median_ms(&in_wide)) {
            let more = Verdict::told(format!("{in_wide} − {name}"), "ms", value - own);
            let own = Verdict::told(name, "ms", own);
            report.verdicts.push(own.at_most(target).not_asserted());
            report.verdicts.push(more.at_most(WIDE_MS).not_asserted());
        }
    }
    let tests = Verdict::told("tests of four clients on four databases", "/s", per_second);
    report.verdicts.push(tests.at_least(TESTS_PER_SECOND).not_asserted());
}
