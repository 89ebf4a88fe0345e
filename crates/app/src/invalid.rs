//! What is wrong with the parts of something that was sent: all parts at once, not only the first.
//!
//! It deliberately knows no wire format but the JSON Pointer, by which parts are named.

use std::fmt;

/// Parts that are wrong, each with its place and what was expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invalid {
    parts: Vec<(String, String)>,
}

impl Invalid {
    /// Nothing is wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One part that is wrong. `pointer` is a JSON Pointer (RFC 6901) as a URI fragment, `#/name`.
    pub fn one(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut invalid = Self::new();
        invalid.add(pointer, detail);
        invalid
    }

    /// Notes a part that is wrong.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.parts.push((pointer.into(), detail.into()));
    }

    /// Takes the value of a part, or notes what is wrong with it.
    pub fn take<T, E: fmt::Display>(&mut self, pointer: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.add(pointer, error.to_string())).ok()
    }

    /// The parts, as (pointer, detail).
    pub fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts.iter().map(|(pointer, detail)| (pointer.as_str(), detail.as_str()))
    }

    /// Fails if anything is wrong.
    pub fn check(self) -> Result<(), Self> {
        if self.parts.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (pointer, detail)) in self.parts().enumerate() {
            let between = if place > 0 { "; " } else { "" };
            write!(f, "{between}{}: {detail}", pointer.trim_start_matches("#/"))?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::Invalid;

    #[test]
    fn all_parts_are_told_at_once() {
        let mut invalid = Invalid::new();
        assert_eq!(invalid.take::<_, String>("#/name", Ok("Asha")), Some("Asha"));
        assert_eq!(invalid.take::<(), _>("#/phone", Err("expected 10 digits")), None);
        invalid.add("#/state", "expected a State code such as 24");
        let said = invalid.clone().check().unwrap_err().to_string();
        assert_eq!(said, "phone: expected 10 digits; state: expected a State code such as 24");
        assert_eq!(invalid.parts().count(), 2);
        assert!(Invalid::new().check().is_ok());
    }
}
