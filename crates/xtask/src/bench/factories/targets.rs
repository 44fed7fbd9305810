//! The targets, and what else is worth comparing.

use super::super::report::{Report, Verdict};
use super::schema::Size;
use super::{batch, catalog, guests, single};

/// A hit against the bare select.
const HIT: f64 = 1.5;
/// A miss against select, insert and a round trip; in somebody's transaction
/// the insert is kept apart by a savepoint in the same train.
const MISS: f64 = 1.0;
/// Rows per second as a share of COPY's, without look-up and with it.
const FRESH: f64 = 45.0;
const KEYED: f64 = 30.0;
/// Rows per second when all are there.
const REPEAT: f64 = 200_000.0;
/// The schema of 400 tables.
const SCHEMA_MS: f64 = 100.0;
/// Rows per second against the peer that is told apart, and against the best
/// other: so many times theirs, or [`KEYED`] of COPY's where COPY itself is not
/// that much faster than the peer. No client can ask for more than the server's
/// own fastest way in.
const FIRST_PEER: f64 = 100.0;
const OTHER_PEERS: f64 = 20.0;

/// Targets without peers: hit and miss in two manners, three of a batch, the schema.
pub(crate) const COUNT: usize = 2 * 2 + 3 + 1;

/// A peer that was measured.
pub(crate) struct Rival {
    /// Its line in the report.
    pub(crate) name: String,
    /// Whether it is the one with a target of its own.
    pub(crate) is_first: bool,
}

/// Adds every comparison to the report. Ratios are asserted; what is no ratio
/// depends on the machine and is compared only.
pub(crate) fn compare(
    report: &mut Report,
    size: Size,
    part: Size,
    tables: usize,
    rivals: &[Rival],
) {
    for names in single::names() {
        report.compare(&names.hit, &names.select, Some(HIT));
        // Where the transaction is somebody else's, a miss leaves it usable
        // whatever happens: it is compared with plain SQL that does the same.
        let fair = names.careful.as_ref().unwrap_or(&names.both);
        for (miss, limit, target) in [
            (&names.miss, fair, Some(MISS)),
            (&names.miss, &names.both, names.careful.is_none().then_some(MISS)),
            (&names.alone, fair, None),
        ] {
            let told = report.verdicts.iter();
            let name = format!("{miss} ÷ ({}, round trip)", limit.trim_start_matches("limit: "));
            let limits = (report.median_ms(limit), report.median_ms(single::TRIP));
            if told.map(|verdict| &verdict.name).any(|known| *known == name) {
                continue;
            }
            if let (Some(value), (Some(both), Some(trip))) = (report.median_ms(miss), limits) {
                let verdict = Verdict::told(name, "", value / (both + trip));
                report.verdicts.push(match target {
                    Some(target) => verdict.at_most(target),
                    None => verdict,
                });
            }
        }
    }
    let names = batch::Names::of(size);
    for (own, least) in [(&names.fresh, FRESH), (&names.keyed, KEYED)] {
        if let (Some(value), Some(copy)) = (report.median_ms(own), report.median_ms(&names.copy)) {
            let name = format!("{own}, of COPY's rows/s");
            let verdict = Verdict::told(name, "%", 100.0 * copy / value);
            report.verdicts.push(verdict.at_least(least));
        }
    }
    for name in [&names.copy, &names.fresh, &names.keyed] {
        rate(report, name, size, None);
    }
    rate(report, &names.repeat, size, Some(REPEAT));
    let names = catalog::Names::of(tables);
    if let Some(value) = report.median_ms(&names.schema) {
        let verdict = Verdict::told(&names.schema, "ms", value).at_most(SCHEMA_MS);
        report.verdicts.push(verdict.not_asserted());
    }
    peers(report, part, rivals);
}

/// Adds rows per second.
fn rate(report: &mut Report, name: &str, size: Size, least: Option<f64>) {
    if let Some(value) = report.median_ms(name) {
        let value = (size.rows() as f64 / (value / 1e3)).round();
        let verdict = Verdict::told(name, "rows/s", value);
        report.verdicts.push(match least {
            Some(least) => verdict.at_least(least).not_asserted(),
            None => verdict,
        });
    }
}

/// The same rows from the default call, which looks them up first: most peers
/// look for nothing. The one that finds all its rows is beside the call that
/// does, and has no part in the choice of the best.
fn peers(report: &mut Report, part: Size, rivals: &[Rival]) {
    let names = batch::Names::of(part);
    rate(report, &names.fresh, part, None);
    rate(report, &names.keyed, part, None);
    rate(report, &names.repeat, part, None);
    let marked = [(true, FIRST_PEER), (false, OTHER_PEERS)].map(|(first, least)| {
        let group = rivals.iter().filter(|rival| rival.is_first == first);
        let group = group.filter(|rival| rival.name != guests::AGAIN);
        let best = group.filter_map(|rival| Some((report.median_ms(&rival.name)?, rival)));
        let best = best.min_by(|a, b| a.0.total_cmp(&b.0));
        (best.map(|(_, rival)| rival.name.as_str()), least)
    });
    for rival in rivals {
        rate(report, &rival.name, part, None);
    }
    for rival in rivals {
        let own = if rival.name == guests::AGAIN { &names.repeat } else { &names.keyed };
        let both = (report.median_ms(&rival.name), report.median_ms(own));
        let (Some(theirs), Some(ours)) = both else { continue };
        let verdict = Verdict::told(format!("{} ÷ {own}", rival.name), "×", theirs / ours);
        let target = marked.iter().find(|(name, _)| *name == Some(rival.name.as_str()));
        let Some((_, least)) = target else {
            report.verdicts.push(verdict);
            continue;
        };
        report.verdicts.push(match report.median_ms(&names.copy) {
            Some(copy) => verdict.at_least(reachable(*least, theirs / copy)),
            None => verdict.at_least(*least),
        });
        report.compare(&rival.name, &names.copy, None);
    }
}

/// What may be asked for against a peer over which COPY itself has this lead.
fn reachable(wanted: f64, lead_of_copy: f64) -> f64 {
    // To a tenth: more digits would say nothing.
    wanted.min((lead_of_copy * KEYED / 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_to_be_beaten_as_far_as_the_server_goes() {
        // COPY is a thousand times faster: the whole target stands.
        assert!((reachable(100.0, 1_000.0) - 100.0).abs() < f64::EPSILON);
        // COPY is 20 times faster: a look-up before each insert leaves 30 %.
        assert!((reachable(100.0, 20.0) - 6.0).abs() < f64::EPSILON);
    }
}
