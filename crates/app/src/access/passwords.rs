//! Passwords: hashing, comparing, and how strong one is.
//!
//! It deliberately compares passwords as they were received. The list of the most common ones is
//! that of `zxcvbn`, 30,000 passwords by frequency, with its rules for variations; a password
//! it expects to be found within about 3,000 guesses counts as common, and one that it expects
//! within a million is refused as easy, which all of the list are. 11,611 of them are long enough
//! beside a second factor, 31 without one (ASVS 6.2.4).

use super::breached::Breached;
use super::opaque;
use crate::{AppError, Invalid, Random};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::access::{Login, MOST_BYTES, Refusal, context_words, refusals};
use store::access::people::Person;
use zxcvbn::feedback::Feedback;

/// Memory of a hash, in KiB (ASVS 11.4.2: 19 MiB with two passes).
const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Bytes of a salt.
const SALT_BYTES: usize = 16;
/// The salt with which passwords are hashed that have nothing to be compared with.
const NO_ONES_SALT: [u8; SALT_BYTES] = *b"nobody has this.";
/// Guesses, as a power of ten, below which a password counts as common: about 3,000.
const COMMON_BELOW: f64 = 3.5;
/// The score that a password has at least, of 0 to 4.
const LEAST_SCORE: u8 = 2;
/// Letters of an initial password, of five bits each.
const INITIAL_LETTERS: usize = 20;
/// Letters of an initial password that stand together.
const INITIAL_GROUP: usize = 5;

fn argon2() -> Result<Argon2<'static>, AppError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|error| AppError::Secrets(format!("Argon2: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash of a password with a new salt, as a PHC string. Slow on purpose.
pub(super) fn hash(random: &dyn Random, password: &str) -> Result<String, AppError> {
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt)?;
    let hash: PasswordHash = argon2()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| AppError::Secrets(format!("Argon2: {error}")))?;
    Ok(hash.to_string())
}

/// Whether a password is that of a hash. Slow on purpose; in constant time for one length.
pub(super) fn verify(hash: &str, password: &str) -> Result<bool, AppError> {
    if password.len() > MOST_BYTES {
        waste()?;
        return Ok(false);
    }
    let hash = PasswordHash::new(hash);
    let hash = hash.map_err(|_| AppError::Secrets("a password's hash is damaged".to_owned()))?;
    Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
}

/// Takes as long as comparing does, so that time does not tell whether there was a hash.
pub(super) fn waste() -> Result<(), AppError> {
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    let done = argon2()?.hash_password_into(b"nobody", &NO_ONES_SALT, &mut out);
    std::hint::black_box(&out);
    done.map_err(|error| AppError::Secrets(format!("Argon2: {error}")))
}

/// Whether a hash was made by weaker parameters than today's.
pub(super) fn is_outdated(hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let params = Params::try_from(&hash);
    let weaker = |params: &Params| {
        params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES || params.p_cost() < LANES
    };
    hash.algorithm.as_str() != "argon2id" || params.as_ref().is_ok_and(weaker)
}

/// A random password for somebody who is to change it: 100 bits in four groups.
pub(super) fn initial(random: &dyn Random) -> Result<String, AppError> {
    Ok(opaque::grouped(&opaque::letters(random, INITIAL_LETTERS)?, INITIAL_GROUP))
}

/// How strong a password is.
#[derive(Clone, Debug, PartialEq)]
pub struct Strength {
    /// From 0, guessed at once, to 4. Below 2 a password is refused.
    pub score: u8,
    /// The power of ten of the guesses that find it.
    pub guesses_log10: f64,
    /// What makes it weak.
    pub warning: Option<String>,
    /// What would make it stronger.
    pub suggestions: Vec<String>,
}

impl Strength {
    /// Whether it counts as one of the most common passwords.
    pub fn is_common(&self) -> bool {
        self.guesses_log10 < COMMON_BELOW
    }
}

/// How strong a password is (zxcvbn). `words` are those a stranger would try first; of a long
/// password, the first 100 characters are looked at.
pub fn strength(password: &str, words: &[String]) -> Strength {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let entropy = zxcvbn::zxcvbn(password, &words);
    let feedback = entropy.feedback();
    Strength {
        score: u8::from(entropy.score()),
        guesses_log10: entropy.guesses_log10(),
        warning: feedback.and_then(Feedback::warning).map(|warning| warning.to_string()),
        suggestions: feedback
            .map(|said| said.suggestions().iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
    }
}

/// The words a stranger would try first for a person of a business.
pub(super) fn words_for(person: &Person, business: &str) -> Vec<String> {
    let own = Login::parse(&person.login);
    let own = own.as_ref().map_or(person.login.as_str(), Login::own_part);
    context_words(own, &person.name, business)
}

/// Refuses a new password with every reason, at a JSON Pointer.
pub(super) fn check_new(
    pointer: &str,
    password: &str,
    person: &Person,
    business: &str,
    breached: Option<&Breached>,
) -> Result<(), AppError> {
    let words = words_for(person, business);
    // What is too long is not looked at closely.
    let looked_at: String = password.chars().take(MOST_BYTES).collect();
    let strength = strength(&looked_at, &words);
    let common = |_: &str| strength.is_common();
    let mut refusals = refusals(password, person.has_second_factor(), &words, &common);
    // What is refused anyway is not looked up.
    if let Some(breached) = breached.filter(|_| refusals.is_empty())
        && breached.contains(password)?
    {
        refusals.push(Refusal::Breached);
    }
    let mut invalid = Invalid::new();
    for refusal in &refusals {
        invalid.add(pointer, refusal.to_string());
    }
    if refusals.is_empty() && strength.score < LEAST_SCORE {
        let why = strength.warning.unwrap_or_default();
        let how = strength.suggestions.join(" ");
        let said = format!("too easy to guess. {why} {how}");
        invalid.add(pointer, said.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    Ok(invalid.check()?)
}

/// Refuses a new password that is too short for the factors a person has at this moment.
pub(super) fn check_length(pointer: &str, password: &str, person: &Person) -> Result<(), AppError> {
    let refusals = refusals(password, person.has_second_factor(), &[], &|_| false);
    let mut invalid = Invalid::new();
    for refusal in &refusals {
        invalid.add(pointer, refusal.to_string());
    }
    Ok(invalid.check()?)
}

#[cfg(test)]
mod tests {
    use super::{hash, initial, is_outdated, strength, verify};
    use crate::{NoRandomness, Random};

    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
            let first = self.0.fetch_add(101, std::sync::atomic::Ordering::Relaxed);
            bytes.iter_mut().zip(0u8..).for_each(|(byte, n)| *byte = first.wrapping_add(n));
            Ok(())
        }
    }

    fn random() -> Counting {
        Counting(std::sync::atomic::AtomicU8::new(0))
    }

    #[test]
    fn a_password_is_verified_as_received() {
        let random = random();
        let kept = hash(&random, "Grüße aus Anand, 12 Liter").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify(&kept, "Grüße aus Anand, 12 Liter").unwrap());
        // Another case, more or fewer blanks, another normal form (NFD).
        for other in [
            "grüße aus Anand, 12 Liter",
            "Grüße aus Anand, 12 Liter ",
            "Gru\u{308}ße aus Anand, 12 Liter",
            "",
        ] {
            assert!(!verify(&kept, other).unwrap(), "{other}");
        }
        assert!(!verify(&kept, &"x".repeat(5000)).unwrap());
        assert_ne!(hash(&random, "same").unwrap(), hash(&random, "same").unwrap());
        assert!(verify("not a hash", "x").is_err());
    }

    #[test]
    fn weaker_hashes_are_known() {
        let kept = hash(&random(), "x").unwrap();
        assert!(!is_outdated(&kept));
        assert!(is_outdated(&kept.replace("m=19456", "m=12288")));
        assert!(is_outdated(&kept.replace("t=2", "t=1")));
        assert!(is_outdated(&kept.replace("argon2id", "argon2i")));
        assert!(!is_outdated(&kept.replace("m=19456", "m=47104")));
    }

    #[test]
    fn common_and_weak_passwords_are_known() {
        for common in
            ["password", "123456", "qwertyuiop", "iloveyou", "P@ssw0rd", "aaaaaaaaaaaaaaaa"]
        {
            assert!(strength(common, &[]).is_common(), "{common}: {:?}", strength(common, &[]));
        }
        // The last of the list, and the last that are long enough alone.
        for listed in ["wonderwoman", "falcon01", "qwertyuiop12345", "zxcvbnm123456789"] {
            assert!(strength(listed, &[]).score < super::LEAST_SCORE, "{listed}");
        }
        let weak = strength("passwordpassword", &[]);
        assert!(weak.score < 2 && weak.warning.is_some(), "{weak:?}");
        let strong = strength("nine buffaloes cross the quiet road", &[]);
        assert_eq!(strong.score, 4, "{strong:?}");
        let first = initial(&random()).unwrap();
        assert_eq!(first.len(), 23);
        assert_eq!(strength(&first, &[]).score, 4);
        assert_eq!(strength("", &[]).score, 0);
    }
}
