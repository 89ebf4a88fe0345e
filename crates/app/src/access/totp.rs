//! The second factor: codes of the moment from an authenticator app (RFC 6238: SHA-1, six digits,
//! 30 seconds), and recovery codes for when the app is gone.
//!
//! A code is taken in its own step and in the one after it, never before its time: an app whose
//! clock is a little slow, or a person who types slowly, is not refused (ASVS 6.5.5 asks for 30
//! seconds; this is 60). Each step is used once, in the transaction of what it was shown for.
//!
//! It deliberately sends nothing: no code comes by SMS or e-mail.

use super::proof::{Code, Shown, needs_proof, with_shown};
use super::secrets::Secrets;
use super::sign_in::Factor;
use super::{Caller, notices, opaque, people, sealed};
use crate::{Actor, AppError, Invalid, Random, business};
use domain::access::{LEAST_ALONE, NoticeKind};
use domain::calendar::Moment;
use domain::ids::PersonId;
use serde_json::json;
use store::access::factors;
use store::access::people as kept;
use store::access::people::Person;
use store::{Store, Tx, audit};
use totp_rs::{Builder, Secret, Totp};

/// Seconds of a step.
const STEP_SECS: i64 = 30;
/// Bytes of a secret (RFC 4226, section 4: 160 bits).
const SECRET_BYTES: usize = 20;
/// Digits of a code.
const DIGITS: usize = 6;
/// Recovery codes that are given at once.
pub const RECOVERY_CODES: usize = 10;
/// Letters of a recovery code, of five bits each: 120 bits, more than the 112 that need no password
/// hash (ASVS 6.5.2).
const RECOVERY_LETTERS: usize = 24;
/// Letters of a recovery code that stand together.
const RECOVERY_GROUP: usize = 6;

/// A second factor that is being set up. Shown once; there is no `Debug`.
pub struct SetUp {
    /// The secret in base 32, for typing.
    pub secret: String,
    /// The secret as a URL, for a QR code.
    pub url: String,
}

/// Begins to set up a second factor: makes a secret, which counts once a code confirms it. Doing so
/// again makes another secret.
pub fn set_up(
    store: &Store,
    secrets: &Secrets,
    random: &dyn Random,
    caller: &Caller,
    actor: &Actor,
) -> Result<SetUp, AppError> {
    caller.own_session()?;
    needs_proof(caller, actor.at)?;
    let mut bytes = [0; SECRET_BYTES];
    random.fill(&mut bytes)?;
    let sealed = sealed::seal(&secrets.totp_keys, random, caller.person, &bytes)?;
    let (login, business) = store.write(|tx| {
        let person = people::known(tx, caller.person)?;
        if !factors::set_secret(tx, caller.person, &sealed, actor.at)? {
            let what = "there is a second factor already; remove it first".to_owned();
            return Err(AppError::Conflict(what));
        }
        trace(tx, actor, caller.person, "set_up_second_factor", 0)?;
        Ok((person.login, business::load(tx)?.name))
    })?;
    let secret = Secret::from(bytes).to_base32();
    let url = url(&secret, &business, &login);
    Ok(SetUp { secret, url })
}

/// The URL that authenticator apps read (Key URI format of Google Authenticator).
fn url(secret: &str, business: &str, login: &str) -> String {
    // A colon parts issuer and account, so that the issuer has none.
    let (issuer, account) = (escaped(&business.replace(':', " ")), escaped(login));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1\
         &digits={DIGITS}&period={STEP_SECS}"
    )
}

/// A text in a URL (RFC 3986, section 2.1).
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Confirms the second factor by its first code; returns the recovery codes, shown once.
pub fn confirm(
    store: &Store,
    secrets: &Secrets,
    random: &dyn Random,
    caller: &Caller,
    actor: &Actor,
    code: &str,
) -> Result<Vec<String>, AppError> {
    caller.own_session()?;
    needs_proof(caller, actor.at)?;
    let codes = new_codes(random)?;
    store.write(|tx| {
        kept::in_turn(tx)?;
        let person = people::known(tx, caller.person)?;
        let pending = person.totp_secret.as_deref().filter(|_| !person.has_second_factor());
        let Some(sealed) = pending else {
            let what = "there is no second factor to confirm; set one up first".to_owned();
            return Err(AppError::Conflict(what));
        };
        let wrong = || {
            let detail = "not the code of this moment; check the clock of the device";
            AppError::Invalid(Invalid::one("#/code", detail))
        };
        let secret = sealed::open(&secrets.totp_keys, person.id, sealed)?;
        let step = step_of(&secret, code, actor.at, person.totp_last_step).ok_or_else(wrong)?;
        if !factors::use_step(tx, person.id, step)?
            || !factors::confirm(tx, person.id, sealed, actor.at)?
        {
            return Err(wrong());
        }
        keep_codes(tx, person.id, &codes)?;
        notices::tell(tx, person.id, actor.at, NoticeKind::SecondFactorAdded, &json!({}))?;
        trace(tx, actor, person.id, "confirm_second_factor", codes.len())
    })?;
    Ok(codes)
}

/// Removes the caller's second factor; the password and a code are shown for it. A password that
/// is too short to be the only factor must be changed before.
pub fn disable(
    store: &Store,
    secrets: &Secrets,
    caller: &Caller,
    actor: &Actor,
    password: &str,
    code: &str,
) -> Result<(), AppError> {
    let shown = Shown { password, code: Code::IfSecondFactor(Some(code)) };
    with_shown(store, secrets, actor.at, caller, &shown, |tx, person| {
        if person.has_second_factor() && password.chars().count() < LEAST_ALONE {
            return Err(AppError::Conflict(format!(
                "the password has fewer than {LEAST_ALONE} characters, too few without a second \
                 factor; change it first"
            )));
        }
        take_away(tx, actor, person.id)
    })
}

/// Removes a person's second factor.
pub(super) fn take_away(tx: &mut Tx<'_>, actor: &Actor, person: PersonId) -> Result<(), AppError> {
    if !factors::remove(tx, person, actor.at)? {
        return Err(AppError::Conflict("there is no second factor".to_owned()));
    }
    let by = json!({ "by": actor.name });
    notices::tell(tx, person, actor.at, NoticeKind::SecondFactorRemoved, &by)?;
    trace(tx, actor, person, "remove_second_factor", 0)
}

/// Replaces the caller's recovery codes; returns the new ones, shown once.
pub fn regenerate(
    store: &Store,
    random: &dyn Random,
    caller: &Caller,
    actor: &Actor,
) -> Result<Vec<String>, AppError> {
    caller.own_session()?;
    needs_proof(caller, actor.at)?;
    let codes = new_codes(random)?;
    store.write(|tx| {
        // Two sets of codes made at once replace each other whole.
        kept::in_turn(tx)?;
        if !people::known(tx, caller.person)?.has_second_factor() {
            return Err(AppError::Conflict("there is no second factor".to_owned()));
        }
        keep_codes(tx, caller.person, &codes)?;
        let kind = NoticeKind::RecoveryCodesReplaced;
        notices::tell(tx, caller.person, actor.at, kind, &json!({}))?;
        trace(tx, actor, caller.person, "new_recovery_codes", codes.len())
    })?;
    Ok(codes)
}

/// How many recovery codes a person has left.
pub fn codes_left(store: &Store, person: PersonId) -> Result<i64, AppError> {
    Ok(store.read(|tx| factors::codes_left(tx, person))?)
}

fn new_codes(random: &dyn Random) -> Result<Vec<String>, AppError> {
    let one = |_| {
        let letters = opaque::letters(random, RECOVERY_LETTERS)?;
        Ok(opaque::grouped(&letters, RECOVERY_GROUP))
    };
    (0..RECOVERY_CODES).map(one).collect()
}

fn keep_codes(tx: &mut Tx<'_>, person: PersonId, codes: &[String]) -> Result<(), AppError> {
    let hashes: Vec<String> = codes.iter().map(|code| recovery_hash(code)).collect();
    Ok(factors::set_codes(tx, person, &hashes)?)
}

fn recovery_hash(code: &str) -> String {
    opaque::hash(&opaque::typed(code))
}

fn trace(
    tx: &mut Tx<'_>,
    actor: &Actor,
    person: PersonId,
    action: &'static str,
    codes: usize,
) -> Result<(), AppError> {
    let after = json!({ "recovery_codes": codes });
    let entry = crate::audit::entry(action, "people", person.0.to_string(), None, Some(&after));
    Ok(audit::write(tx, actor, &[entry])?)
}

/// Uses a code of a person with a second factor: six digits of the moment, or a recovery code.
/// `None` when it is neither, or was used before.
pub(super) fn use_code(
    tx: &mut Tx<'_>,
    secrets: &Secrets,
    person: &Person,
    code: &str,
    at: Moment,
) -> Result<Option<Factor>, AppError> {
    let digits: String = code.chars().filter(|c| *c != ' ').collect();
    if digits.len() == DIGITS {
        let Some(sealed) = &person.totp_secret else { return Ok(None) };
        let secret = sealed::open(&secrets.totp_keys, person.id, sealed)?;
        let step = step_of(&secret, &digits, at, person.totp_last_step);
        let Some(step) = step else { return Ok(None) };
        return Ok(factors::use_step(tx, person.id, step)?.then_some(Factor::Totp));
    }
    // A longer text is not hashed for nothing.
    if code.len() > 2 * RECOVERY_LETTERS || opaque::typed(code).len() != RECOVERY_LETTERS {
        return Ok(None);
    }
    if !factors::use_code(tx, person.id, &recovery_hash(code), at)? {
        return Ok(None);
    }
    let left = factors::codes_left(tx, person.id)?;
    let details = json!({ "left": left });
    notices::tell(tx, person.id, at, NoticeKind::RecoveryCodeUsed, &details)?;
    Ok(Some(Factor::Recovery { left }))
}

/// The step whose code this is: the present one or the one before, if later than the last used.
fn step_of(secret: &[u8], code: &str, at: Moment, last: i64) -> Option<i64> {
    let totp = generator(secret)?;
    let now = at.unix_micros().div_euclid(STEP_SECS * 1_000_000);
    // The library compares in constant time; a skew of zero looks at one step only.
    let is_of = |step: &i64| {
        u64::try_from(step * STEP_SECS).is_ok_and(|time| totp.check(code, time).is_some())
    };
    [now, now - 1].into_iter().filter(|step| *step > last).find(is_of)
}

fn generator(secret: &[u8]) -> Option<Totp> {
    Builder::new().with_secret(secret).with_skew(0).build().ok()
}

#[cfg(test)]
mod tests {
    use super::{generator, step_of, url};
    use domain::calendar::Moment;
    use totp_rs::Secret;

    const KEY: &[u8; 20] = b"12345678901234567890";

    fn at(secs: i64) -> Moment {
        Moment::from_unix_micros(secs * 1_000_000)
    }

    /// RFC 6238, appendix B, the last six of the eight digits.
    #[test]
    fn the_vectors_of_the_standard() {
        assert_eq!(Secret::from(*KEY).to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(KEY, code, at(time), 0), Some(time / 30), "{time}");
        }
    }

    /// RFC 4226, appendix D: the codes of the first ten counters.
    #[test]
    fn codes_of_counters() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (counter, code) in (0i64..).zip(codes) {
            assert_eq!(step_of(KEY, code, at(counter * 30), -1), Some(counter));
        }
    }

    #[test]
    fn a_code_holds_in_its_step_and_the_next_and_only_once() {
        let code = "005924";
        let step = 1_234_567_890 / 30;
        let begin = step * 30;
        assert_eq!(step_of(KEY, code, at(begin - 1), 0), None);
        assert_eq!(step_of(KEY, code, at(begin), 0), Some(step));
        assert_eq!(step_of(KEY, code, at(begin + 59), 0), Some(step));
        assert_eq!(step_of(KEY, code, at(begin + 60), 0), None);
        assert_eq!(step_of(KEY, code, at(begin), step - 1), Some(step));
        assert_eq!(step_of(KEY, code, at(begin), step), None);
        for other in ["5924", "0005924", "+05924", "00592४", "", "005925"] {
            assert_eq!(step_of(KEY, other, at(begin), 0), None, "{other}");
        }
    }

    #[test]
    fn times_at_the_edge_and_short_secrets() {
        assert_eq!(step_of(KEY, "755224", at(0), -1), Some(0));
        assert_eq!(step_of(KEY, "755224", at(-40), i64::MIN), None);
        assert_eq!(step_of(KEY, "755224", Moment::from_unix_micros(i64::MIN), i64::MIN), None);
        assert!(generator(b"short").is_none());
    }

    #[test]
    fn the_url_is_escaped() {
        let url = url("ABC", "Gokul: दूध", "asha@example.com");
        assert!(url.starts_with("otpauth://totp/Gokul%20%20%E0%A4%A6"), "{url}");
        assert!(url.contains(":asha%40example.com?secret=ABC&issuer=Gokul%20%20"), "{url}");
        assert!(url.ends_with("&algorithm=SHA1&digits=6&period=30"), "{url}");
    }
}
