//! What the numbers were measured on: processors and their load.
//!
//! It deliberately measures nothing itself; it reads what the system says.

use std::fmt;
use std::fs;
use std::thread;

/// The number of processors this program may use; 0 when the system does not say.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(0, Into::into)
}

/// The mean number of programs that wanted a processor over the last minute. Absent where the
/// system does not tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load(Option<f64>);

impl Load {
    /// The load now.
    pub fn now() -> Self {
        Self(fs::read_to_string("/proc/loadavg").ok().and_then(|text| first_number(&text)))
    }

    /// The number, for JSON.
    pub const fn value(self) -> Option<f64> {
        self.0
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(load) => write!(f, "{load:.2}"),
            None => f.write_str("unknown"),
        }
    }
}

fn first_number(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::first_number;

    #[test]
    fn the_first_number_is_the_last_minute() {
        assert_eq!(first_number("0.42 1.00 2.00 1/100 7\n"), Some(0.42));
        assert_eq!(first_number(""), None);
    }
}
