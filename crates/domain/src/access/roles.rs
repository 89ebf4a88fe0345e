//! The roles of people.
//!
//! It deliberately has no hierarchy: what a role may do is said in the table of permissions.

/// What somebody is in the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Owns the dairy.
    Owner,
    /// Runs the program: people, keys, settings, jobs.
    Admin,
    /// Keeps the books.
    Accountant,
    /// Runs the office: customers, prices, deliveries, bills.
    Dispatcher,
    /// Delivers.
    Rider,
    /// Is delivered to.
    Customer,
}

impl Role {
    /// All roles, the most trusted first.
    pub const ALL: [Self; 6] =
        [Self::Owner, Self::Admin, Self::Accountant, Self::Dispatcher, Self::Rider, Self::Customer];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Accountant => "accountant",
            Self::Dispatcher => "dispatcher",
            Self::Rider => "rider",
            Self::Customer => "customer",
        }
    }

    /// The role of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn every_role_has_its_word() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.as_str()), Some(role));
        }
        assert_eq!(Role::from_name("Owner"), None);
        assert_eq!(Role::from_name(""), None);
    }
}
