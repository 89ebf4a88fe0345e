//! The second factor: its encrypted secret, the step of its last code, and recovery codes.
//!
//! It deliberately can neither read the secret nor check a code.

use crate::db::{Insert, StoreError, Tx};
use domain::calendar::Moment;
use domain::ids::PersonId;

pub(crate) const SET_SECRET: &str = "UPDATE people SET totp_secret = $2, updated_at = $3, \
     version = version + 1 WHERE id = $1 AND totp_confirmed_at IS NULL";
pub(crate) const CONFIRM: &str = "UPDATE people SET totp_confirmed_at = $3, updated_at = $3, \
     version = version + 1 WHERE id = $1 AND totp_secret = $2 AND totp_confirmed_at IS NULL";
pub(crate) const REMOVE: &str = "UPDATE people SET totp_secret = NULL, totp_confirmed_at = NULL, \
     updated_at = $2, version = version + 1 WHERE id = $1 AND totp_secret IS NOT NULL";
pub(crate) const USE_STEP: &str =
    "UPDATE people SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2";
pub(crate) const CLEAR_CODES: &str = "DELETE FROM recovery_codes WHERE person_id = $1";
pub(crate) const USE_CODE: &str = "UPDATE recovery_codes SET used_at = $3 \
     WHERE person_id = $1 AND code_hash = $2 AND used_at IS NULL";
pub(crate) const CODES_LEFT: &str =
    "SELECT COUNT(*) FROM recovery_codes WHERE person_id = $1 AND used_at IS NULL";
pub(crate) const QUERIES: &[&str] =
    &[SET_SECRET, CONFIRM, REMOVE, USE_STEP, CLEAR_CODES, USE_CODE, CODES_LEFT];
const ADD_CODES: Insert =
    Insert { table: "recovery_codes", columns: &["person_id", "code_no", "code_hash"] };

/// Keeps the encrypted secret of a second factor that is not confirmed yet; `false` when the
/// person has a confirmed one.
pub fn set_secret(
    tx: &mut Tx<'_>,
    person: PersonId,
    secret: &str,
    at: Moment,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_SECRET, &[person.0.into(), secret.into(), at.unix_micros().into()])? == 1)
}

/// Confirms a second factor of this secret; `false` when it is another one or confirmed already.
pub fn confirm(
    tx: &mut Tx<'_>,
    person: PersonId,
    secret: &str,
    at: Moment,
) -> Result<bool, StoreError> {
    Ok(tx.execute(CONFIRM, &[person.0.into(), secret.into(), at.unix_micros().into()])? == 1)
}

/// Removes the second factor with its recovery codes; `false` when there was none.
pub fn remove(tx: &mut Tx<'_>, person: PersonId, at: Moment) -> Result<bool, StoreError> {
    tx.execute(CLEAR_CODES, &[person.0.into()])?;
    Ok(tx.execute(REMOVE, &[person.0.into(), at.unix_micros().into()])? == 1)
}

/// Uses the code of a time step; `false` when that step or a later one was used before.
pub fn use_step(tx: &mut Tx<'_>, person: PersonId, step: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(USE_STEP, &[person.0.into(), step.into()])? == 1)
}

/// Replaces the recovery codes of a person by those of these hashes.
pub fn set_codes(tx: &mut Tx<'_>, person: PersonId, hashes: &[String]) -> Result<(), StoreError> {
    tx.execute(CLEAR_CODES, &[person.0.into()])?;
    let rows = hashes.iter().zip(1i64..);
    let rows = rows.map(|(hash, no)| [person.0.into(), no.into(), hash.as_str().into()]);
    tx.insert_many(&ADD_CODES, rows).map(|_| ())
}

/// Uses a recovery code; `false` when there is no such code or it was used before.
pub fn use_code(
    tx: &mut Tx<'_>,
    person: PersonId,
    hash: &str,
    at: Moment,
) -> Result<bool, StoreError> {
    Ok(tx.execute(USE_CODE, &[person.0.into(), hash.into(), at.unix_micros().into()])? == 1)
}

/// How many recovery codes are left.
pub fn codes_left(tx: &mut Tx<'_>, person: PersonId) -> Result<i64, StoreError> {
    tx.find(CODES_LEFT, &[person.0.into()], |row| row.int(0)).map(Option::unwrap_or_default)
}
