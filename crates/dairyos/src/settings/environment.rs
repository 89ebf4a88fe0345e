//! The environment: read once, here.
//!
//! It deliberately takes nothing that does not begin like our own variables.

use std::ffi::OsString;

/// The beginning of our variables.
pub const PREFIX: &str = "DAIRYOS_";

/// A variable: its name, and its value unless that is no text.
pub type Variable = (String, Option<String>);

/// Our variables. This is the one place in the program that reads the environment beside the
/// command line.
pub fn read() -> Vec<Variable> {
    ours(std::env::vars_os())
}

fn ours(all: impl Iterator<Item = (OsString, OsString)>) -> Vec<Variable> {
    let mut found: Vec<Variable> = all
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .map(|(name, value)| (name, value.into_string().ok()))
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::ours;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn only_our_variables_are_taken() {
        let all = [("PATH", "x"), ("DAIRYOS_B", "2"), ("XDAIRYOS_A", "x"), ("DAIRYOS_A", "1")];
        let all = all.map(|(name, value)| (name.into(), value.into()));
        let some = |text: &str| Some(text.to_owned());
        let expected = [("DAIRYOS_A".to_owned(), some("1")), ("DAIRYOS_B".to_owned(), some("2"))];
        assert_eq!(ours(all.into_iter()), expected);
        let odd = std::ffi::OsString::from_vec(vec![0xff]);
        let found = ours([("DAIRYOS_A".into(), odd)].into_iter());
        assert_eq!(found, [("DAIRYOS_A".to_owned(), None)]);
    }
}
