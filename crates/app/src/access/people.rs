//! People: added, changed, disabled, and their passwords.
//!
//! Nobody chooses another's password: adding and resetting give a random one that is shown once,
//! ends after seven days and must be changed (ASVS 6.4.1, 6.4.6). A reset leaves the second factor
//! as it is (ASVS 6.4.3), unless the person has lost it and it is removed in so many words.
//!
//! It deliberately leaves permissions of HTTP callers to `Caller::may`; what is decided here is who
//! may reach whom.

use super::proof::{Code, Shown, with_shown};
use super::secrets::Secrets;
use super::{Caller, Page, clamped, later, notices, passwords, sessions, totp};
use crate::{Actor, AppError, Invalid, Random};
use domain::access::{Login, NoticeKind, Role};
use domain::calendar::Moment;
use domain::customers::{check_code, check_name};
use domain::ids::{CustomerId, PersonId};
use serde_json::{Value, json};
use store::access::people::{self, NewPassword, NewPerson, Person, Profile};
use store::access::{attempts, sessions as kept_sessions};
use store::{Store, Tx, audit, business, customers};

pub use store::access::people::Filter;

/// Days that an initial password can be used.
pub const INITIAL_DAYS: i64 = 7;

/// A person as shown to those who may know people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The id.
    pub id: PersonId,
    /// The login in its one form.
    pub login: String,
    /// The name.
    pub name: String,
    /// What the person is in the business.
    pub role: Role,
    /// The code of the customer that the person is.
    pub customer_code: Option<String>,
    /// Whether the person may sign in.
    pub active: bool,
    /// Whether a second factor is asked for.
    pub has_second_factor: bool,
    /// Whether the password was given by the program and is to be changed.
    pub password_is_initial: bool,
    /// When an initial password ends.
    pub password_expires_at: Option<Moment>,
    /// When the person was added.
    pub created_at: Moment,
    /// When the person was last changed.
    pub updated_at: Moment,
    /// Counts the changes.
    pub version: i64,
}

impl From<Person> for View {
    fn from(person: Person) -> Self {
        Self {
            has_second_factor: person.has_second_factor(),
            id: person.id,
            login: person.login,
            name: person.name,
            role: person.role,
            customer_code: person.customer_code,
            active: person.active,
            password_is_initial: person.password_is_initial,
            password_expires_at: person.password_expires_at,
            created_at: person.created_at,
            updated_at: person.updated_at,
            version: person.version,
        }
    }
}

/// A person with an initial password. Shown once; there is no `Debug`.
pub struct WithPassword {
    /// The person.
    pub person: View,
    /// The initial password.
    pub password: String,
    /// When it ends.
    pub expires_at: Moment,
}

/// Somebody to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewcomerRequest<'a> {
    /// The login as written.
    pub login: &'a str,
    /// The name.
    pub name: &'a str,
    /// What the person is in the business.
    pub role: Role,
    /// The code of the customer that the person is; for customers, and only for them.
    pub customer_code: Option<&'a str>,
}

/// What is to be changed of a person; the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change<'a> {
    /// The name.
    pub name: Option<&'a str>,
    /// What the person is in the business.
    pub role: Option<Role>,
    /// The code of the customer that the person is.
    pub customer_code: Option<&'a str>,
    /// Whether the person may sign in.
    pub active: Option<bool>,
}

fn not_known() -> AppError {
    AppError::NotFound("there is no such person".to_owned())
}

/// The person of an id.
pub(super) fn known(tx: &mut Tx<'_>, id: PersonId) -> Result<Person, AppError> {
    people::by_id(tx, id)?.ok_or_else(not_known)
}

/// Refuses who may not reach people of a role. Whoever works at the machine of the database, by
/// the command line, reaches all; owners too; admins all but owners.
pub(super) fn may_reach(actor: &Actor, role: Role) -> Result<(), AppError> {
    match actor.role {
        None | Some(Role::Owner) => Ok(()),
        Some(Role::Admin) if role != Role::Owner => Ok(()),
        Some(Role::Admin) => {
            Err(AppError::NotAllowed("only an owner may do this to an owner".to_owned()))
        }
        Some(_) => Err(AppError::NotAllowed("only owners and admins may do this".to_owned())),
    }
}

/// The person of an id, if the actor may reach them; everybody reaches themselves.
pub(super) fn reach(tx: &mut Tx<'_>, actor: &Actor, id: PersonId) -> Result<Person, AppError> {
    let person = known(tx, id)?;
    if actor.person != Some(id) {
        may_reach(actor, person.role)?;
    }
    Ok(person)
}

/// The customer of a code, for a role; notes what does not go together.
fn customer_of(
    tx: &mut Tx<'_>,
    role: Role,
    code: Option<&str>,
    invalid: &mut Invalid,
) -> Result<Option<CustomerId>, AppError> {
    match (role, code) {
        (Role::Customer, Some(code)) => {
            // What cannot be a code is not asked of the database.
            let known = if check_code(code).is_ok() { customers::by_code(tx, code)? } else { None };
            let found = known.map(|(id, _)| id);
            if found.is_none() {
                invalid.add("#/customer_code", "there is no customer with this code");
            }
            Ok(found)
        }
        (Role::Customer, None) => {
            invalid.add("#/customer_code", "expected the code of the customer that signs in");
            Ok(None)
        }
        (_, Some(_)) => {
            invalid.add("#/customer_code", "only the role customer goes with a customer");
            Ok(None)
        }
        (_, None) => Ok(None),
    }
}

fn facts(person: &Person) -> Value {
    json!({
        "login": sessions::shown(person),
        "name": person.name,
        "role": person.role.as_str(),
        "customer": person.customer_code,
        "state": if person.active { "active" } else { "disabled" },
    })
}

fn trace(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    before: Option<&Person>,
    after: &Person,
) -> Result<(), AppError> {
    let (id, before) = (after.id.0.to_string(), before.map(facts));
    let entry = crate::audit::entry(action, "people", id, before.as_ref(), Some(&facts(after)));
    Ok(audit::write(tx, actor, &[entry])?)
}

/// Adds a person with an initial password.
pub fn add(
    store: &Store,
    random: &dyn Random,
    actor: &Actor,
    newcomer: &NewcomerRequest<'_>,
) -> Result<WithPassword, AppError> {
    may_reach(actor, newcomer.role)?;
    let mut invalid = Invalid::new();
    let login = invalid.take("#/login", Login::parse(newcomer.login));
    invalid.take("#/name", check_name(newcomer.name));
    let Some(login) = login else {
        invalid.check()?;
        return Err(not_known());
    };
    let password = passwords::initial(random)?;
    let hash = passwords::hash(random, &password)?;
    let expires_at = later(actor.at, INITIAL_DAYS * 24 * 3600);
    let person = store.write(|tx| {
        business::load(tx)?.ok_or(AppError::NoBusiness)?;
        let mut invalid = invalid;
        let customer = customer_of(tx, newcomer.role, newcomer.customer_code, &mut invalid)?;
        invalid.check()?;
        let new = NewPerson {
            login: login.as_str(),
            name: newcomer.name.trim(),
            role: newcomer.role,
            customer,
            password_hash: &hash,
            password_expires_at: expires_at,
        };
        let id = people::add(tx, &new, actor.at)?;
        let taken = || AppError::Conflict("somebody has this login already".to_owned());
        let person = known(tx, id.ok_or_else(taken)?)?;
        trace(tx, actor, "add", None, &person)?;
        Ok::<_, AppError>(person)
    })?;
    Ok(WithPassword { person: person.into(), password, expires_at })
}

/// Changes a person of a version. Who is disabled has no session from then on. The last owner who
/// may sign in stays one.
pub fn change(
    store: &Store,
    actor: &Actor,
    id: PersonId,
    version: i64,
    change: &Change<'_>,
) -> Result<View, AppError> {
    store.write(|tx| {
        people::in_turn(tx)?;
        let before = known(tx, id)?;
        may_reach(actor, before.role)?;
        let profile = changed(tx, &before, change)?;
        may_reach(actor, profile.role)?;
        let lost = AppError::VersionLost { asked: version, present: before.version };
        if before.version != version {
            return Err(lost);
        }
        let was_owner = before.active && before.role == Role::Owner;
        let is_owner = profile.active && profile.role == Role::Owner;
        if was_owner && !is_owner && people::active_owners(tx)? <= 1 {
            let what = "the last owner who may sign in stays one; add another owner first";
            return Err(AppError::Conflict(what.to_owned()));
        }
        if !people::change(tx, id, version, &profile, actor.at)? {
            return Err(lost);
        }
        if before.active && !profile.active {
            sessions::void(tx, id, "disabled", actor.at)?;
        }
        let after = known(tx, id)?;
        trace(tx, actor, "change", Some(&before), &after)?;
        Ok(after.into())
    })
}

/// The person as they are to be.
fn changed(tx: &mut Tx<'_>, before: &Person, change: &Change<'_>) -> Result<Profile, AppError> {
    let mut invalid = Invalid::new();
    let name = change.name.unwrap_or(&before.name);
    invalid.take("#/name", check_name(name));
    let role = change.role.unwrap_or(before.role);
    let stays = before.customer_code.as_deref().filter(|_| role == Role::Customer);
    let customer = customer_of(tx, role, change.customer_code.or(stays), &mut invalid)?;
    invalid.check()?;
    let active = change.active.unwrap_or(before.active);
    Ok(Profile { name: name.trim().to_owned(), role, customer, active })
}

/// Gives a person a new initial password, ends their sessions and removes their failures. With
/// `second_factor_too`, the second factor is removed as well: for a person who has lost it, and
/// whom the actor knows by other means.
pub fn reset_password(
    store: &Store,
    random: &dyn Random,
    actor: &Actor,
    id: PersonId,
    second_factor_too: bool,
) -> Result<WithPassword, AppError> {
    let password = passwords::initial(random)?;
    let hash = passwords::hash(random, &password)?;
    let expires_at = later(actor.at, INITIAL_DAYS * 24 * 3600);
    let person = store.write(|tx| {
        people::in_turn(tx)?;
        let before = known(tx, id)?;
        may_reach(actor, before.role)?;
        if !before.active {
            return Err(AppError::Conflict("the person is disabled; enable them first".to_owned()));
        }
        let new = NewPassword { hash: &hash, initial_until: Some(expires_at) };
        if !people::set_password(tx, id, &before.password_hash, &new, actor.at)? {
            return Err(AppError::Changed("the person".to_owned()));
        }
        let by = json!({ "by": actor.name });
        notices::tell(tx, id, actor.at, NoticeKind::PasswordReset, &by)?;
        if second_factor_too {
            totp::take_away(tx, actor, id)?;
        }
        sessions::void(tx, id, "password_reset", actor.at)?;
        attempts::clear_all(tx, &before.login)?;
        let after = known(tx, id)?;
        trace(tx, actor, "reset_password", Some(&before), &after)?;
        Ok::<_, AppError>(after)
    })?;
    Ok(WithPassword { person: person.into(), password, expires_at })
}

/// Changes the caller's own password; the present one is shown for it. All other sessions end.
pub fn change_password(
    store: &Store,
    secrets: &Secrets,
    random: &dyn Random,
    caller: &Caller,
    actor: &Actor,
    present: &str,
    new: &str,
) -> Result<(), AppError> {
    let own = caller.own_session()?;
    let (person, business) = store.read(|tx| {
        let business = business::load(tx)?.ok_or(AppError::NoBusiness)?;
        Ok::<_, AppError>((known(tx, caller.person)?, business.name))
    })?;
    if present == new {
        let invalid = Invalid::one("#/new_password", "the same as the present one");
        return Err(invalid.into());
    }
    let breached = secrets.policy.breached.as_ref();
    passwords::check_new("#/new_password", new, &person, &business, breached)?;
    let hash = passwords::hash(random, new)?;
    let shown = Shown { password: present, code: Code::No };
    with_shown(store, secrets, actor.at, caller, &shown, |tx, person| {
        // The rule was checked for the factors that were there then.
        passwords::check_length("#/new_password", new, person)?;
        let new = NewPassword { hash: &hash, initial_until: None };
        if !people::set_password(tx, person.id, &person.password_hash, &new, actor.at)? {
            return Err(AppError::SignInFailed);
        }
        notices::tell(tx, person.id, actor.at, NoticeKind::PasswordChanged, &json!({}))?;
        let reason = "password_changed";
        kept_sessions::end_all(tx, person.id, Some(own), reason, actor.at)?;
        sessions::note_proof(tx, own, actor.at)?;
        trace(tx, actor, "change_password", None, person)
    })
}

/// How strong a new password of the caller would be; never kept.
pub fn strength(
    store: &Store,
    caller: &Caller,
    password: &str,
) -> Result<passwords::Strength, AppError> {
    let words = store.read(|tx| {
        let business = business::load(tx)?.map(|business| business.name).unwrap_or_default();
        Ok::<_, AppError>(passwords::words_for(&known(tx, caller.person)?, &business))
    })?;
    Ok(passwords::strength(password, &words))
}

/// Removes the failures of a person, and with them all locks; says how many sources had some.
pub fn unlock(store: &Store, actor: &Actor, id: PersonId) -> Result<u64, AppError> {
    store.write(|tx| {
        let person = known(tx, id)?;
        may_reach(actor, person.role)?;
        let cleared = attempts::clear_all(tx, &person.login)?;
        trace(tx, actor, "unlock", None, &person)?;
        Ok(cleared)
    })
}

/// A page of people by id; `page.after` is the id of the last one of the page before, or 0.
pub fn list(store: &Store, filter: &Filter, page: Page) -> Result<Vec<View>, AppError> {
    let found = store.read(|tx| people::list(tx, filter, clamped(page)))?;
    Ok(found.into_iter().map(View::from).collect())
}

/// One person.
pub fn get(store: &Store, id: PersonId) -> Result<View, AppError> {
    store.read(|tx| known(tx, id)).map(View::from)
}

/// The person of a login as written.
pub fn by_login(store: &Store, login: &str) -> Result<View, AppError> {
    let login = Login::parse(login).map_err(|error| AppError::BadArgument(error.to_string()))?;
    let found = store.read(|tx| people::by_login(tx, login.as_str()))?;
    found.map(View::from).ok_or_else(not_known)
}
