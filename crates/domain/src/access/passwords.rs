//! Which passwords are taken (NIST SP 800-63B-4; OWASP ASVS 5.0, 6.2).
//!
//! It deliberately asks for no digits, capitals or other composition, and does not normalise: a
//! password is counted, kept and compared exactly as it was received (ASVS 6.2.8), not in NFKC.
//! Two ways of typing the same letters may so be two passwords; a password typed twice on the same
//! keyboard never is.

use thiserror::Error;

/// Code points of a password that is the only factor.
pub const LEAST_ALONE: usize = 15;
/// Code points of a password beside a confirmed second factor.
pub const LEAST_WITH_SECOND_FACTOR: usize = 8;
/// Code points that are taken at most.
pub const MOST_CODE_POINTS: usize = 256;
/// Bytes that are taken at most.
pub const MOST_BYTES: usize = 1024;
/// Code points of a word that may not stand in a password; shorter ones occur by chance.
const LEAST_OF_WORD: usize = 4;
/// The product, which is as easy to guess as the business.
const PRODUCT: &str = "dairyos";

/// Why a password is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It is too short.
    #[error("too short: {found} characters, expected at least {least}")]
    TooShort {
        /// Its code points.
        found: usize,
        /// Code points expected.
        least: usize,
    },
    /// It is too long.
    #[error("too long: at most {MOST_CODE_POINTS} characters and {MOST_BYTES} bytes are taken")]
    TooLong,
    /// It contains a word that a stranger would try first.
    #[error("contains \"{0}\", which is easy to guess here")]
    Context(String),
    /// It is among the passwords that are tried first everywhere.
    #[error("among the most common passwords")]
    Common,
    /// It has become known in a breach elsewhere.
    #[error("has become known in a breach elsewhere, and so is tried by strangers")]
    Breached,
}

/// The words that a stranger would try first: of the login, the person's name, the business's name,
/// and the product. In small letters, without those too short to matter.
pub fn context_words(login: &str, name: &str, business: &str) -> Vec<String> {
    let parts = [login, name, business];
    let parts = parts.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let mut words: Vec<String> = parts
        .chain([login, PRODUCT])
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() >= LEAST_OF_WORD)
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Every reason why a password is not taken; none when it is. `words` are those of
/// [`context_words`]; `common` knows the most common passwords.
pub fn refusals(
    password: &str,
    with_second_factor: bool,
    words: &[String],
    common: &dyn Fn(&str) -> bool,
) -> Vec<Refusal> {
    let found = password.chars().count();
    if found > MOST_CODE_POINTS || password.len() > MOST_BYTES {
        return vec![Refusal::TooLong];
    }
    let mut all = Vec::new();
    let least = if with_second_factor { LEAST_WITH_SECOND_FACTOR } else { LEAST_ALONE };
    if found < least {
        all.push(Refusal::TooShort { found, least });
    }
    let small = password.to_lowercase();
    let contained = words.iter().filter(|word| small.contains(word.as_str()));
    all.extend(contained.cloned().map(Refusal::Context));
    if common(password) {
        all.push(Refusal::Common);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Refusal, context_words, refusals};

    fn check(password: &str, second: bool) -> Vec<Refusal> {
        let words = context_words("asha.patel", "Asha Patel", "Gokul Dairy");
        refusals(password, second, &words, &|text| text == "correct horse battery")
    }

    #[test]
    fn length_is_counted_in_code_points_and_by_factors() {
        let short = |found, least| vec![Refusal::TooShort { found, least }];
        assert_eq!(check("fourteen chars", false), short(14, 15));
        assert_eq!(check("fifteen charact", false), []);
        assert_eq!(check("eight ch", true), []);
        assert_eq!(check("seven c", true), short(7, 8));
        assert_eq!(check("", true), short(0, 8));
        // Fifteen letters of Devanagari are 45 bytes.
        assert_eq!(check(&"क".repeat(15), false), []);
        assert_eq!(check(&"क".repeat(14), false), short(14, 15));
        assert_eq!(check(&"x".repeat(256), false), []);
        assert_eq!(check(&"x".repeat(257), false), [Refusal::TooLong]);
        assert_eq!(check(&"😀".repeat(256), false), []);
        assert_eq!(check(&"😀".repeat(257), false), [Refusal::TooLong]);
    }

    #[test]
    fn no_composition_is_asked_for() {
        for password in
            ["all small letters", "               ", "123 984 562 347 1", "\t\u{7f}\0 and so on..."]
        {
            assert_eq!(check(password, false), [], "{password:?}");
        }
    }

    #[test]
    fn words_of_the_place_and_common_ones_are_refused_together() {
        let found = check("ASHA at Gokul", false);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.contains(&Refusal::Context("asha".to_owned())));
        assert!(found.contains(&Refusal::Context("gokul".to_owned())));
        assert_eq!(check("correct horse battery", false), [Refusal::Common]);
        let product = check("my DairyOS password", false);
        // "dairy" is a word of the business, and stands in the product's name.
        assert_eq!(product.len(), 2, "{product:?}");
        for refusal in found.iter().chain(&product) {
            assert!(!refusal.to_string().is_empty());
        }
    }

    #[test]
    fn short_words_do_not_matter() {
        assert!(context_words("a.b", "Om", "XY").iter().all(|word| word == "dairyos"));
        assert_eq!(context_words("9876543210", "", ""), ["9876543210", "dairyos"]);
    }
}
