//! Random texts that are known to their holders alone: tokens, keys, initial passwords, recovery
//! codes; and the hash by which the database knows them.
//!
//! It deliberately uses a plain hash: texts of more than 112 random bits cannot be found by trying
//! (ASVS 6.5.2), unlike passwords.

use crate::{NoRandomness, Random};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Bytes of a token.
const TOKEN_BYTES: usize = 32;
/// The 32 letters and digits that are not mistaken for each other (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A token of 256 random bits, as base64url.
pub(super) fn token(random: &dyn Random) -> Result<String, NoRandomness> {
    let mut bytes = [0; TOKEN_BYTES];
    random.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// An id of 128 random bits, in hexadecimal.
pub(super) fn id(random: &dyn Random) -> Result<String, NoRandomness> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// So many random letters of five bits each.
pub(super) fn letters(random: &dyn Random, count: usize) -> Result<String, NoRandomness> {
    let mut bytes = vec![0; count];
    random.fill(&mut bytes)?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).map(|letter| char::from(*letter));
    Ok(bytes.iter().filter_map(letter).collect())
}

/// Letters in groups with `-` between, for people to read and type.
pub(super) fn grouped(letters: &str, size: usize) -> String {
    let mut text = String::new();
    for (place, letter) in letters.chars().enumerate() {
        if place > 0 && place % size == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// What a person typed for letters in groups: without what stands between, and with letters that
/// are mistaken for others as those.
pub(super) fn typed(text: &str) -> String {
    let one = |c: char| match c.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    };
    text.chars().filter(char::is_ascii_alphanumeric).map(one).collect()
}

/// The SHA-256 of a text, in hexadecimal.
pub(super) fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, hash, typed};

    #[test]
    fn what_is_typed_is_read_kindly() {
        assert_eq!(grouped("abcdefg", 3), "abc-def-g");
        assert_eq!(typed(" ABC-dOi 1l"), "abcd0111");
        // FIPS 180-4: the hash of "abc".
        assert!(hash("abc").starts_with("ba7816bf8f01cfea414140de5dae2223"));
    }
}
