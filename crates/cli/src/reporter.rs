//! Hears the engine's events and passes them on: as JSON lines, as progress
//! and sentences, or not at all.

use std::sync::{Mutex, MutexGuard, PoisonError};

use seedbed_api::{Event, Listener};

use crate::printer::Printer;
use crate::progress::Progress;
use crate::{json, summary};

/// The listener of the command line.
#[derive(Debug)]
pub(crate) struct Reporter {
    printer: Printer,
    /// `None` when nobody watches.
    progress: Option<Mutex<Progress>>,
    /// Whether there is a schema to speak of in the closing line.
    has_recipe: bool,
}

impl Reporter {
    pub(crate) fn new(printer: Printer) -> Self {
        let progress = printer.shows_progress().then(Mutex::default);
        Self { printer, progress, has_recipe: true }
    }

    /// Says whether the project has a recipe.
    pub(crate) fn has_recipe(&mut self, has_recipe: bool) {
        self.has_recipe = has_recipe;
    }

    /// The bar; a panic while drawing does not make it unusable.
    fn progress(&self) -> Option<MutexGuard<'_, Progress>> {
        self.progress.as_ref().map(|lock| lock.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn aside(&self, print: impl FnOnce()) {
        match self.progress() {
            Some(progress) => progress.aside(print),
            None => print(),
        }
    }
}

impl Listener for Reporter {
    fn on(&self, event: &Event) {
        if self.printer.json() {
            json::line(self.printer, event);
            return;
        }
        if let Some(mut progress) = self.progress() {
            progress.on(event);
        }
        if self.printer.quiet() {
            return;
        }
        match event {
            Event::Notice { message } => self.aside(|| self.printer.notice(message)),
            Event::Warning { message, hint } => {
                self.aside(|| self.printer.warning(message, hint.as_deref()));
            }
            Event::Kept { name, test } => self.aside(|| {
                let test = test.as_ref().map(|test| format!(" (test {test})")).unwrap_or_default();
                self.printer.talk(&format!("seedbed: kept {name}{test}: seedbed kept open {name}"));
            }),
            Event::Summary { phases, .. } => {
                self.printer.talk(&summary::line(phases, self.has_recipe));
            }
            // `main` prints the failure it gets, whoever reported it before.
            Event::Failed { .. }
            | Event::Started { .. }
            | Event::Progress { .. }
            | Event::Finished { .. }
            | Event::Ready { .. } => {}
        }
    }
}
