//! `--json`: every event as one JSON line on stderr; stdout belongs to the
//! wrapped command. The lines are those of [`seedbed_api::Event`].

use seedbed_api::{Event, Failure};

use crate::printer::Printer;

/// Writes one event as one line.
pub(crate) fn line(printer: Printer, event: &Event) {
    if let Ok(text) = serde_json::to_string(event) {
        printer.talk(&text);
    }
}

/// A failure as the event that ends the lines.
pub(crate) fn failed(failure: &Failure) -> Event {
    Event::Failed {
        kind: failure.kind().word().to_owned(),
        message: failure.chain(),
        detail: failure.details().map(str::to_owned),
        hints: failure.hints().to_vec(),
        exit_code: failure.kind().exit_code().number(),
    }
}
