//! The table of permissions: which role may do what. A permission's word is also the scope that a
//! program's key may be given.
//!
//! It deliberately says nothing about single records, but for `Own`: a customer sees their own.

use super::Role;

/// Declares the permissions with their words, their meaning and the roles that have them.
macro_rules! permissions {
    ($($name:ident $word:literal $meaning:literal [$($role:ident)*];)*) => {
        /// Something that people may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {
            $(#[doc = $meaning] $name,)*
        }

        impl Permission {
            /// All permissions, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word for programs, such as `bills:read`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it allows, for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// The roles that have it.
            pub const fn roles(self) -> &'static [Role] {
                match self { $(Self::$name => &[$(Role::$role,)*],)* }
            }
        }

        /// The words of all permissions.
        pub const SCOPES: &[&str] = &[$($word,)*];
    };
}

permissions! {
    Own "own:use" "See and change one's own account, sessions and second factor."
        [Owner Admin Accountant Dispatcher Rider Customer];
    BusinessRead "business:read" "See the business and its settings."
        [Owner Admin Accountant Dispatcher Rider Customer];
    CustomersRead "customers:read" "See customers."
        [Owner Admin Accountant Dispatcher Rider];
    CustomersWrite "customers:write" "Add and change customers."
        [Owner Admin Dispatcher];
    CatalogRead "catalog:read" "See products and prices."
        [Owner Admin Accountant Dispatcher Rider Customer];
    CatalogWrite "catalog:write" "Add and change products and prices."
        [Owner Admin Dispatcher];
    DeliveriesRead "deliveries:read" "See deliveries and one-time orders."
        [Owner Admin Accountant Dispatcher Rider];
    DeliveriesWrite "deliveries:write" "Report and correct deliveries and one-time orders."
        [Owner Admin Dispatcher Rider];
    BillsRead "bills:read" "See bills, their explanation and certificates."
        [Owner Admin Accountant Dispatcher];
    BillsOwn "bills:own" "See one's own bills and their explanation."
        [Customer];
    BillsWrite "bills:write" "Make and issue bills."
        [Owner Admin Accountant];
    PaymentsRead "payments:read" "See payments, what they paid and what was posted for them."
        [Owner Admin Accountant];
    PaymentsWrite "payments:write" "Record receipts, clear and bounce cheques, match payments."
        [Owner Admin Accountant];
    CashOwn "cash:own" "See the cash that one has in hand, and one's own hand-overs."
        [Owner Admin Accountant Dispatcher Rider];
    CashCollect "cash:collect" "Record cash that one has taken from customers oneself."
        [Owner Admin Accountant Dispatcher Rider];
    CashRead "cash:read" "See the cash that everybody has in hand, and all hand-overs."
        [Owner Admin Accountant Dispatcher];
    CashWrite "cash:write" "Record hand-overs of cash, and accept shortages."
        [Owner Admin Accountant Dispatcher];
    PlansRead "plans:read" "See plans."
        [Owner Admin Accountant Dispatcher Rider Customer];
    PlansWrite "plans:write" "Add and change plans."
        [Owner Admin];
    EntitlementsRead "entitlements:read" "See what customers may use; a customer, what they may."
        [Owner Admin Accountant Dispatcher Rider Customer];
    PaymentsRefund "payments:refund" "Ask for refunds, and pay those by hand that are agreed."
        [Owner Admin Accountant];
    PaymentsApprove "payments:approve"
        "Agree to refunds that another person asked for, or decline them."
        [Owner Admin Accountant];
    WebhooksRead "webhooks:read" "See what gateways told."
        [Owner Admin Accountant];
    WebhooksManage "webhooks:manage" "Have an event of a gateway processed again."
        [Owner Admin];
    ReconciliationRead "reconciliation:read" "See what does not agree in the books."
        [Owner Admin Accountant];
    ReconciliationWrite "reconciliation:write" "Reconcile a day; assign, close and reopen issues."
        [Owner Admin Accountant];
    LedgerRead "ledger:read" "See balances and export the ledger; verify the books."
        [Owner Admin Accountant];
    AuditRead "audit:read" "See the audit trail."
        [Owner Admin Accountant];
    PeopleRead "people:read" "See people, their sessions and keys."
        [Owner Admin];
    PeopleWrite "people:write" "Add and change people, end sessions, give keys."
        [Owner Admin];
    JobsRead "jobs:read" "See jobs and schedules."
        [Owner Admin];
    JobsWrite "jobs:write" "Requeue and cancel jobs."
        [Owner Admin];
}

impl Permission {
    /// The permission of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == name)
    }

    /// Whether a key that may do this may do the other too: whoever may record any receipt may
    /// record cash, and whoever sees everybody's cash sees their own.
    pub const fn includes(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::PaymentsWrite, Self::CashCollect) | (Self::CashRead, Self::CashOwn)
        )
    }

    /// Whether a role has it.
    pub fn is_given_to(self, role: Role) -> bool {
        self.roles().contains(&role)
    }
}

/// The table as Markdown, for the reference.
pub fn table() -> String {
    let mut text = String::from("| permission | allows |");
    for role in Role::ALL {
        text.push_str(&format!(" {} |", role.as_str()));
    }
    text.push_str("\n| --- | --- |");
    text.push_str(&" :-: |".repeat(Role::ALL.len()));
    text.push('\n');
    for permission in Permission::ALL {
        text.push_str(&format!("| `{}` | {} |", permission.as_str(), permission.meaning()));
        for role in Role::ALL {
            text.push_str(if permission.is_given_to(role) { " yes |" } else { " |" });
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Permission, SCOPES, table};
    use crate::access::Role;

    #[test]
    fn words_are_unique_and_found() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_name(permission.as_str()), Some(*permission));
            assert!(!permission.meaning().is_empty());
        }
        assert_eq!(SCOPES.len(), Permission::ALL.len());
        assert_eq!(Permission::from_name("everything"), None);
    }

    #[test]
    fn the_owner_may_do_all_and_a_customer_only_their_own() {
        for permission in Permission::ALL {
            let own = *permission == Permission::BillsOwn;
            assert_ne!(permission.is_given_to(Role::Owner), own, "{}", permission.as_str());
        }
        for permission in [Permission::CustomersRead, Permission::BillsRead, Permission::AuditRead]
        {
            assert!(!permission.is_given_to(Role::Customer));
        }
        assert!(!Permission::BillsWrite.is_given_to(Role::Rider));
    }

    #[test]
    fn what_includes_another_is_given_to_fewer() {
        for wide in Permission::ALL {
            for narrow in Permission::ALL.iter().filter(|narrow| wide.includes(**narrow)) {
                let fits = |role: &Role| narrow.is_given_to(*role) || !wide.is_given_to(*role);
                assert!(Role::ALL.iter().all(fits), "{} {}", wide.as_str(), narrow.as_str());
            }
        }
        assert!(Permission::PaymentsWrite.includes(Permission::CashCollect));
        assert!(!Permission::CashCollect.includes(Permission::PaymentsWrite));
        assert!(!Permission::CashOwn.includes(Permission::CashOwn));
    }

    #[test]
    fn the_table_shows_every_permission() {
        let table = table();
        assert_eq!(table.lines().count(), 2 + Permission::ALL.len());
        assert!(table.contains("| `bills:own` |"), "{table}");
    }
}
