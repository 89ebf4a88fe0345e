//! Printing: tables for people, JSON for programs, progress bars, and failures.
//!
//! It deliberately writes through one place, so that a closed pipe ends the program quietly.

mod progress;
mod table;

pub use progress::Progress;
pub use table::{Side, Table};

use app::AppError;
use serde::Serialize;
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::process::ExitCode;

/// Standard output, buffered.
pub struct Output {
    out: BufWriter<Stdout>,
}

impl Output {
    /// Begins to print.
    pub fn new() -> Self {
        Self { out: BufWriter::with_capacity(64 * 1024, io::stdout()) }
    }

    /// Prints text.
    pub fn text(&mut self, text: impl AsRef<str>) -> Result<(), AppError> {
        self.out.write_all(text.as_ref().as_bytes()).map_err(|error| failed(&error))
    }

    /// Prints a line.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<(), AppError> {
        self.text(text)?;
        self.text("\n")
    }

    /// Prints a value as indented JSON.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), AppError> {
        serde_json::to_writer_pretty(&mut self.out, value)
            .map_err(|error| failed(&io::Error::from(error)))?;
        self.text("\n")
    }

    /// Prints a value as JSON on one line, without a line end.
    pub fn json_row(&mut self, value: &impl Serialize) -> Result<(), AppError> {
        serde_json::to_writer(&mut self.out, value).map_err(|error| failed(&io::Error::from(error)))
    }

    /// Ends printing; what is buffered is written.
    pub fn finish(mut self) -> Result<(), AppError> {
        self.out.flush().map_err(|error| failed(&error))
    }
}

/// What is printed by those that know only `Write`, such as reports.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(told)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(told)
    }
}

/// An error whose text is the one by which a closed pipe is known.
fn told(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::BrokenPipe { io::Error::other(CLOSED) } else { error }
}

/// Tells of something that has happened, on standard error.
#[expect(clippy::print_stderr, reason = "beside the answer, which is on standard output")]
pub fn note(line: &str) {
    eprintln!("{line}");
}

/// The text by which a closed pipe is known further up.
const CLOSED: &str = "the reader has closed the pipe";

fn failed(error: &io::Error) -> AppError {
    let closed = error.kind() == ErrorKind::BrokenPipe;
    AppError::Output(if closed { CLOSED.to_owned() } else { error.to_string() })
}

/// Reports a failure on standard error. A reader that has seen enough is no failure.
#[expect(clippy::print_stderr, reason = "the one place where failures are shown")]
pub fn failure(error: &AppError, json: bool) -> ExitCode {
    if matches!(error, AppError::Output(text) if text == CLOSED) {
        return ExitCode::SUCCESS;
    }
    if json {
        let code = error.code();
        let message = error.to_string();
        eprintln!("{}", serde_json::json!({ "error": { "code": code, "message": message } }));
    } else if matches!(error, AppError::BadFile(_)) {
        // The lines begin with file:line:column, which editors and other tools follow.
        eprintln!("{error}");
    } else {
        eprintln!("dairyos: {error}");
    }
    ExitCode::from(1)
}
