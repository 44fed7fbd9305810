//! The only place that writes to the terminal. stdout is data, stderr is talk.
//!
//! A reader who goes away early (`| head`) has got what it wanted: a broken
//! pipe is success. Talk that cannot be written is dropped.

use std::io::{self, IsTerminal as _, Write as _};
use std::ops::ControlFlow;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use clap::ColorChoice;
use seedbed_api::{Failure, Kind, Result};

use crate::args::GlobalArgs;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Writes to stdout and stderr as the user asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    color: anstream::ColorChoice,
    quiet: bool,
    json: bool,
    progress: bool,
}

impl Printer {
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        let color = match global.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Self { color, quiet: global.quiet, json: global.json, progress: !global.no_progress }
    }

    /// Whether data and events are to be JSON.
    pub(crate) fn json(self) -> bool {
        self.json
    }

    /// Whether to say nothing but errors.
    pub(crate) fn quiet(self) -> bool {
        self.quiet
    }

    /// Whether progress bars may be drawn: somebody is watching and wants them.
    pub(crate) fn shows_progress(self) -> bool {
        self.progress && !self.quiet && !self.json && io::stderr().is_terminal()
    }

    /// Writes data to stdout. `Break` when nobody reads any more.
    ///
    /// # Errors
    /// [`Kind::Environment`] when stdout cannot be written, such as a full disk.
    pub(crate) fn data(self, text: &str) -> Result<ControlFlow<()>> {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color);
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            Err(error) => {
                Err(Failure::new(Kind::Environment, "cannot write to stdout").because(error))
            }
        }
    }

    /// stdout itself, for data that is no text of ours.
    pub(crate) fn sink(self) -> impl io::Write {
        io::stdout().lock()
    }

    /// Writes a value as JSON to stdout.
    ///
    /// # Errors
    /// As [`Self::data`].
    pub(crate) fn json_data(self, value: &serde_json::Value) -> Result<()> {
        self.data(&format!("{value:#}\n")).map(drop)
    }

    /// Writes one line of talk.
    pub(crate) fn talk(self, line: &str) {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.color);
        // Nobody to tell if the telling fails.
        let _ = writeln!(stderr, "{line}");
    }

    /// Writes one line of talk, unless told to be quiet.
    pub(crate) fn say(self, line: &str) {
        if !self.quiet {
            self.talk(line);
        }
    }

    /// Tells something worth knowing.
    pub(crate) fn notice(self, message: &str) {
        self.talk(&format!("{DIM}note: {message}{DIM:#}"));
    }

    /// Tells something odd, with a line to paste if there is one.
    pub(crate) fn warning(self, message: &str, hint: Option<&str>) {
        let mut text = format!("{WARNING}warning:{WARNING:#} {message}");
        if let Some(hint) = hint {
            push_hint(&mut text, hint);
        }
        self.talk(&text);
    }

    /// Tells what failed, why, and what to do.
    pub(crate) fn failure(self, failure: &Failure) {
        let mut text = format!("{ERROR}error:{ERROR:#} {}", failure.chain());
        for line in failure.details().into_iter().flat_map(str::lines) {
            text.push_str("\n  ");
            text.push_str(line);
        }
        for hint in failure.hints() {
            push_hint(&mut text, hint);
        }
        self.talk(&text);
    }
}

/// A hint; one of several lines stands below its label, ready to paste.
fn push_hint(text: &mut String, hint: &str) {
    text.push_str(&format!("\n{HINT}hint:{HINT:#}"));
    if hint.contains('\n') {
        for line in hint.lines() {
            text.push_str("\n  ");
            text.push_str(line);
        }
    } else {
        text.push(' ');
        text.push_str(hint);
    }
}
