//! The closing line: where the time went.

use seedbed_api::{Phase, Phases};

/// Below this nothing was fetched.
const FETCH_WORTH_TELLING_US: u64 = 5_000;

/// `seedbed: start 62 ms · migrate cached · clone 9 ms · command 1.2 s · clean-up 14 ms`.
///
/// Phases that did not happen are left out, and so is a look for binaries that
/// found them at once; a schema that needed no work is `cached`, which is the
/// news one wants.
pub(crate) fn line(phases: &Phases, migrated: bool) -> String {
    let parts: Vec<String> = Phase::ALL
        .into_iter()
        .filter_map(|phase| match (phase, phases.of(phase)) {
            (Phase::Migrate, 0) => migrated.then(|| "migrate cached".to_owned()),
            (_, 0) | (Phase::Fetch, 0..FETCH_WORTH_TELLING_US) => None,
            (phase, took_us) => Some(format!("{} {}", phase.word(), duration(took_us))),
        })
        .collect();
    format!("seedbed: {}", parts.join(" · "))
}

/// A duration in the unit a person would choose.
pub(crate) fn duration(us: u64) -> String {
    match us {
        0..1_000 => "<1 ms".to_owned(),
        1_000..999_500 => format!("{} ms", (us + 500) / 1_000),
        999_500..59_950_000 => format!("{:.1} s", us as f64 / 1e6),
        _ => {
            let seconds = (us + 500_000) / 1_000_000;
            format!("{} min {} s", seconds / 60, seconds % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_never_round_out_of_their_unit() {
        for (us, text) in [
            (0, "<1 ms"),
            (999, "<1 ms"),
            (1_499, "1 ms"),
            (999_499, "999 ms"),
            (999_500, "1.0 s"),
            (1_249_000, "1.2 s"),
            (59_949_999, "59.9 s"),
            (59_950_000, "1 min 0 s"),
            (3_725_000_000, "62 min 5 s"),
        ] {
            assert_eq!(duration(us), text);
        }
    }

    #[test]
    fn the_line_tells_where_the_time_went() {
        let phases = Phases {
            fetch_us: 300,
            start_us: 62_000,
            clone_us: 9_000,
            command_us: 1_200_000,
            clean_up_us: 14_000,
            ..Phases::default()
        };
        assert_eq!(
            line(&phases, true),
            "seedbed: start 62 ms · migrate cached · clone 9 ms · command 1.2 s · clean-up 14 ms"
        );
        assert_eq!(
            line(&Phases { fetch_us: 3_000_000, migrate_us: 2_000_000, ..phases }, false),
            "seedbed: fetch 3.0 s · start 62 ms · migrate 2.0 s · clone 9 ms · command 1.2 s · clean-up 14 ms"
        );
    }
}
