//! Where the time of a job goes.

use std::time::Instant;

use seedbed_api::{Event, Listener, Phase, Phases, Result};

/// Sums the time of each phase and tells the listener.
pub(crate) struct Stopwatch<'a> {
    listener: &'a dyn Listener,
    phases: Phases,
}

impl<'a> Stopwatch<'a> {
    pub(crate) fn new(listener: &'a dyn Listener) -> Self {
        Self { listener, phases: Phases::default() }
    }

    /// Runs a phase. A phase may run several times; its times add up.
    pub(crate) fn time<T>(
        &mut self,
        phase: Phase,
        detail: impl Into<String>,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.listener.on(&Event::Started { phase, detail: detail.into() });
        let started = Instant::now();
        let outcome = work();
        self.add(phase, started);
        outcome
    }

    /// Ends a phase that began at `started`.
    pub(crate) fn add(&mut self, phase: Phase, started: Instant) {
        let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        *self.phases.of_mut(phase) += took_us;
        self.listener.on(&Event::Finished { phase, took_us });
    }

    /// Says where the time went.
    pub(crate) fn summary(&self, exit_code: Option<i32>) {
        self.listener.on(&Event::Summary { phases: self.phases.clone(), exit_code });
    }
}
