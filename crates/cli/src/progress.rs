//! Progress of the long phases on a terminal: a spinner, or a bar where the
//! number of units is known. Gone without a trace when the phase ends.
//!
//! The short phases (start, clone, clean-up) draw nothing, and the long ones
//! only once they have lasted: with everything cached they last a millisecond,
//! and a bar that flashes is noise.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use seedbed_api::{Event, Phase};

use crate::summary;

/// How long a phase must last before anything is drawn.
const PATIENCE: Duration = Duration::from_millis(150);

/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(100);

/// The one bar there is at any time.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Draws what an event says, if it says something about progress.
    pub(crate) fn on(&mut self, event: &Event) {
        match event {
            Event::Started { phase, detail } if is_long(*phase) => self.start(*phase, detail),
            Event::Progress { phase, done, total, detail, took_us } if is_long(*phase) => {
                if self.bar.is_none() {
                    self.start(*phase, "");
                }
                self.advance(*done, *total, detail, *took_us);
            }
            Event::Started { .. }
            | Event::Finished { .. }
            | Event::Ready { .. }
            | Event::Summary { .. }
            | Event::Failed { .. } => self.clear(),
            Event::Progress { .. }
            | Event::Notice { .. }
            | Event::Warning { .. }
            | Event::Kept { .. } => {}
        }
    }

    /// Runs `print` with the bar out of the way.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Takes the bar off the terminal.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn start(&mut self, phase: Phase, detail: &str) {
        self.start_with(style("{spinner} {prefix} {wide_msg}"), phase.word(), detail.to_owned());
    }

    fn start_with(&mut self, style: ProgressStyle, prefix: &'static str, message: String) {
        self.clear();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(style);
        bar.set_prefix(prefix);
        bar.set_message(message);
        let weak = bar.downgrade();
        std::thread::spawn(move || {
            std::thread::park_timeout(PATIENCE);
            // A bar that was cleared meanwhile draws nothing wherever it is sent.
            if let Some(bar) = weak.upgrade().filter(|bar| !bar.is_finished()) {
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(TICK);
            }
        });
        self.bar = Some(bar);
    }

    fn advance(&mut self, done: u64, total: u64, detail: &str, took_us: Option<u64>) {
        let Some(bar) = &self.bar else { return };
        if total > 0 && bar.length() != Some(total) {
            bar.set_length(total);
            bar.set_style(style("{spinner} {prefix} {pos}/{len} {wide_msg}"));
        }
        bar.set_position(done);
        bar.set_message(took_us.map_or_else(
            || detail.to_owned(),
            |took_us| format!("{detail} ({})", summary::duration(took_us)),
        ));
    }
}

/// A spinner for work without events. It says nothing until it has lasted.
pub(crate) fn spinner(message: String) -> ProgressBar {
    let mut progress = Progress::default();
    progress.start_with(style("{spinner} {wide_msg}"), "", message);
    progress.bar.take().unwrap_or_else(ProgressBar::hidden)
}

fn is_long(phase: Phase) -> bool {
    matches!(phase, Phase::Fetch | Phase::Initdb | Phase::Migrate)
}

/// The templates are constants of this file; should one be wrong, the plain
/// style is still progress.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(phase: Phase) -> Event {
        Event::Started { phase, detail: "x".into() }
    }

    #[test]
    fn only_long_phases_draw_and_the_end_clears() {
        let mut progress = Progress::default();
        progress.on(&started(Phase::Start));
        assert!(progress.bar.is_none());
        progress.on(&started(Phase::Migrate));
        progress.on(&Event::Progress {
            phase: Phase::Migrate,
            done: 2,
            total: 5,
            detail: "2_users".into(),
            took_us: Some(14_000),
        });
        let bar = progress.bar.clone().unwrap();
        assert_eq!((bar.position(), bar.length()), (2, Some(5)));
        assert_eq!(bar.message(), "2_users (14 ms)");
        progress.on(&Event::Finished { phase: Phase::Migrate, took_us: 1 });
        assert!(progress.bar.is_none());
    }
}
