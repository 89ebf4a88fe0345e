//! Who is asking: a person by a session or a program by a key, and what they may do.
//!
//! It deliberately decides by the table of permissions alone; which records are whose own is asked
//! by the use cases.

use crate::{Actor, AppError};
use domain::access::{Permission, Role};
use domain::calendar::Moment;
use domain::ids::{CustomerId, PersonId};

/// Who is asking, as the database says at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The person.
    pub person: PersonId,
    /// The person's name; with the key's first characters when a program asks.
    pub name: String,
    /// The login, shortened.
    pub login_shown: String,
    /// What the person is in the business.
    pub role: Role,
    /// The customer that the person is.
    pub customer: Option<CustomerId>,
    /// The session, when a person asks.
    pub session: Option<String>,
    /// The key, when a program asks.
    pub key: Option<i64>,
    /// What the key may do, when a program asks.
    pub scopes: Option<Vec<Permission>>,
    /// When the person last showed what they sign in with; never, for a program.
    pub proved_at: Option<Moment>,
    /// Whether the person has a second factor.
    pub has_second_factor: bool,
    /// Whether the password was given by the program: until it is changed, nothing else may be
    /// done.
    pub must_change_password: bool,
}

impl Caller {
    /// Refuses what the person's role, or the program's key, may not do. A person whose password
    /// must be changed may do nothing that needs a permission.
    pub fn may(&self, permission: Permission) -> Result<(), AppError> {
        if self.must_change_password {
            let what = "the initial password must be changed before anything else".to_owned();
            return Err(AppError::NotAllowed(what));
        }
        let word = permission.as_str();
        if !permission.is_given_to(self.role) {
            let role = self.role.as_str();
            return Err(AppError::NotAllowed(format!("the role {role} does not have {word}")));
        }
        match &self.scopes {
            Some(scopes)
                if !scopes.iter().any(|has| *has == permission || has.includes(permission)) =>
            {
                Err(AppError::NotAllowed(format!("the key does not have {word}")))
            }
            _ => Ok(()),
        }
    }

    /// The caller as the one who does something, for the audit trail.
    pub fn actor(&self, at: Moment, request_id: Option<&str>) -> Actor {
        Actor {
            name: self.name.clone(),
            at,
            person: Some(self.person),
            role: Some(self.role),
            request: request_id.map(str::to_owned),
        }
    }

    /// The session of a person; a program has none.
    pub(super) fn own_session(&self) -> Result<&str, AppError> {
        let what = "a program's key cannot do this; a person who has signed in can";
        self.session.as_deref().ok_or_else(|| AppError::NotAllowed(what.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Caller;
    use domain::access::{Permission, Role};
    use domain::calendar::Moment;
    use domain::ids::PersonId;

    fn caller(role: Role) -> Caller {
        Caller {
            person: PersonId(1),
            name: "Asha".to_owned(),
            login_shown: "a***@example.com".to_owned(),
            role,
            customer: None,
            session: Some("s".to_owned()),
            key: None,
            scopes: None,
            proved_at: None,
            has_second_factor: false,
            must_change_password: false,
        }
    }

    #[test]
    fn roles_scopes_and_initial_passwords_limit() {
        let owner = caller(Role::Owner);
        assert!(owner.may(Permission::BillsWrite).is_ok());
        assert_eq!(
            caller(Role::Rider).may(Permission::BillsWrite).unwrap_err().code(),
            "not_allowed"
        );
        let key = Caller { scopes: Some(vec![Permission::BillsRead]), ..owner.clone() };
        assert!(key.may(Permission::BillsRead).is_ok() && key.may(Permission::BillsWrite).is_err());
        let writes = Caller { scopes: Some(vec![Permission::PaymentsWrite]), ..owner.clone() };
        assert!(writes.may(Permission::CashCollect).is_ok());
        assert!(writes.may(Permission::PaymentsRead).is_err());
        // A scope that the role has lost since is lost too.
        let key = Caller { role: Role::Rider, ..key };
        assert!(key.may(Permission::BillsRead).is_err());
        let new = Caller { must_change_password: true, ..owner.clone() };
        assert!(Permission::ALL.iter().all(|permission| new.may(*permission).is_err()));
        let actor = owner.actor(Moment::from_unix_micros(5), Some("r1"));
        assert_eq!((actor.person, actor.role), (Some(PersonId(1)), Some(Role::Owner)));
        assert_eq!(actor.request.as_deref(), Some("r1"));
    }
}
