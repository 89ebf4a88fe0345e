//! What customers may use: plans with their features, and what paid plans give, until when.
//!
//! What a customer is entitled to follows from the grants they have, and a grant from what is known
//! of its payment. So it is the same in whatever order payments, refunds and disputes are told.
//! It deliberately keeps nothing, and no grant is ever changed by hand.

mod grants;
mod plans;
mod sales;

pub use grants::{Entitlements, Grant, GrantState, Period, ends, grant_of, periods};
pub use plans::{ALL_FEATURES, DEFAULT_DAYS, MAX_DAYS, Plan, PlanError, example_plans, is_feature};
pub use sales::{Posted, sale_transaction, sold};

use crate::money::Money;

/// The entitlement to deliveries. No plan gives it.
pub const DELIVERIES: &str = "deliveries";

/// Whether a customer is entitled to deliveries, by what they owe: a prepaid customer while there
/// is an advance (their receivable is negative), others always.
pub fn is_entitled_to_deliveries(is_prepaid: bool, owes: Money) -> bool {
    !is_prepaid || owes < Money::ZERO
}

#[cfg(test)]
mod tests {
    use super::is_entitled_to_deliveries;
    use crate::money::Money;

    #[test]
    fn prepaid_customers_need_an_advance() {
        for (is_prepaid, owes, expected) in
            [(true, -1, true), (true, 0, false), (true, 1, false), (false, 1, true)]
        {
            let owes = Money::from_paise(owes);
            assert_eq!(is_entitled_to_deliveries(is_prepaid, owes), expected);
        }
    }
}
