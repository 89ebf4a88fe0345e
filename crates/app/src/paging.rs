//! Pages of lists: where one goes on, and whether there is a next one.
//!
//! It deliberately counts no totals; a list goes on until it ends.

use crate::AppError;
use domain::calendar::Moment;

/// Before everything, for lists that rise.
pub(crate) const FIRST: (Moment, String) = (Moment::from_unix_micros(i64::MIN), String::new());
/// After every text that is kept, byte by byte.
pub(crate) const LAST_TEXT: &str = "\u{10ffff}";
/// After everything, for lists that fall.
pub(crate) const LAST: (Moment, String) = (Moment::from_unix_micros(i64::MAX), String::new());

/// Cuts one record more than was asked for off a page; it says that there is a next one, which
/// begins after the last record that stays.
pub(crate) fn cut<T>(
    mut found: Vec<T>,
    limit: u16,
    place: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let limit = usize::from(limit);
    if found.len() <= limit {
        return (found, None);
    }
    found.truncate(limit);
    let next = found.last().map(place);
    (found, next)
}

/// A place of the form `MICROSECONDS TEXT`.
pub(crate) fn moment_and_text(place: Option<&str>) -> Result<Option<(Moment, String)>, AppError> {
    let Some(place) = place else {
        return Ok(None);
    };
    let (at, text) = place.split_once(' ').ok_or_else(unknown)?;
    let at = at.parse().map_err(|_| unknown())?;
    Ok(Some((Moment::from_unix_micros(at), text.to_owned())))
}

/// A place of the form of a number.
pub(crate) fn number(place: Option<&str>) -> Result<Option<i64>, AppError> {
    // Numbers of rows fit 32 bits; PostgreSQL refuses to compare them with larger ones.
    place.map(|place| place.parse().map(i32::into).map_err(|_| unknown())).transpose()
}

fn unknown() -> AppError {
    let what = "the place where the page begins is not one of this list; take next from the page \
                before, with the same sorting";
    AppError::BadPlace(what.to_owned())
}
