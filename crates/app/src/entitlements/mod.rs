//! Plans and entitlements: what customers can buy, what payments for it give them, and whether they
//! may use something at a moment.
//!
//! What somebody may use follows from what is known of their payments, in the transaction that
//! learns of it. It deliberately has no way to give or take a feature by hand: a payment is
//! recorded, refunded or taken back.

mod expire;
mod follow;
mod plans;
mod prepaid;
mod show;
pub mod wire;

pub use expire::{Expired, expire};
pub use plans::{PlanFacts, add, all, by_code, change};
pub use prepaid::{PrepaidBalance, Whom, deliveries_entitled};
pub use show::{Answer, Feature, Whole, area_of, check, ending, of_customer};
pub use store::entitlements::{Ending, KeptGrant, KeptPlan};

pub(crate) use follow::{Following, expected, follow};
pub(crate) use plans::{for_sale, holding};
