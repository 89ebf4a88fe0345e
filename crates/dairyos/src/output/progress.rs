//! A progress bar on standard error, shown only when it is a terminal.
//!
//! It deliberately never writes to standard output.

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar.
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins to show progress on something of a known size.
    pub fn new(what: &str, total: u64) -> Self {
        let bar = ProgressBar::new(total);
        let style = ProgressStyle::with_template(
            "{msg:24} [{bar:32}] {percent:>3} %  {elapsed_precise}  about {eta} left",
        );
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        Self(bar)
    }

    /// Moves to a place.
    pub fn at(&self, place: u64) {
        self.0.set_position(place);
    }

    /// Moves to a place of a total known only now.
    pub fn of(&self, place: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(place);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
