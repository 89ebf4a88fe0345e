//! Plans and entitlements as they are written in answers and printed as JSON.
//!
//! It deliberately is the same for the command and the API.

use super::{Answer, Ending, KeptGrant, KeptPlan, Whole};
use domain::calendar::Moment;
use serde::Serialize;
use utoipa::ToSchema;

/// What customers can buy.
#[derive(Debug, Serialize, ToSchema)]
pub struct Plan {
    /// Its code; it never changes.
    code: String,
    /// Its name for people.
    name: String,
    /// The price of one payment, in rupees; `0.00` for a plan that is everybody's.
    price: String,
    /// For how many days one payment gives the features.
    days: u32,
    /// The features it gives; `*` for all.
    features: Vec<String>,
    /// Whether it is sold; one without a price holds for all only then.
    active: bool,
    /// How often it has changed, from 1; the ETag.
    version: i64,
    /// When it was added or changed last (RFC 3339); null while it is as shipped.
    #[schema(required)]
    updated_at: Option<String>,
}

impl From<&KeptPlan> for Plan {
    fn from(kept: &KeptPlan) -> Self {
        Self {
            code: kept.plan.code.clone(),
            name: kept.plan.name.clone(),
            price: kept.plan.price.to_string(),
            days: kept.plan.days,
            features: kept.plan.features.clone(),
            active: kept.is_active,
            version: kept.version,
            updated_at: kept.changed_at.map(Moment::rfc3339),
        }
    }
}

/// Whether a customer may use a feature.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entitlement {
    /// The customer's code.
    customer: String,
    /// The feature.
    feature: String,
    /// Whether they may use it now.
    entitled: bool,
    /// The first moment at which it is over (RFC 3339); null for never, and when they may not.
    #[schema(required)]
    until: Option<String>,
}

impl From<&Answer> for Entitlement {
    fn from(answer: &Answer) -> Self {
        Self {
            customer: answer.code.clone(),
            feature: answer.feature.clone(),
            entitled: answer.is_entitled,
            until: answer.until.map(Moment::rfc3339),
        }
    }
}

/// A feature that a customer may use, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntitledFeature {
    /// The feature; `*` for all.
    feature: String,
    /// The first moment at which it is over (RFC 3339); null for never.
    #[schema(required)]
    until: Option<String>,
    /// The plan that gives it.
    plan: String,
    /// The number of the payment that gives it for the longest; null for what everybody has.
    #[schema(required)]
    payment: Option<i64>,
}

/// What a payment for a plan gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanGrant {
    /// The payment's number.
    payment: i64,
    /// The plan's code.
    plan: String,
    /// The features, as they were sold; `*` for all.
    features: Vec<String>,
    /// For how many days, as it was sold.
    days: u32,
    /// What the plan cost when it was sold, in rupees.
    price: String,
    /// When it was paid (RFC 3339).
    paid_at: String,
    /// `given`; `short`: less than the price was paid; or `revoked`: the money went back.
    status: &'static str,
    /// The first moment (RFC 3339); null unless given.
    #[schema(required)]
    from: Option<String>,
    /// The first moment after (RFC 3339); null unless given.
    #[schema(required)]
    until: Option<String>,
}

impl From<&KeptGrant> for PlanGrant {
    fn from(kept: &KeptGrant) -> Self {
        let grant = &kept.grant;
        Self {
            payment: grant.payment.0,
            plan: grant.plan.clone(),
            features: grant.features.clone(),
            days: grant.days,
            price: kept.price.to_string(),
            paid_at: grant.paid_at.rfc3339(),
            status: kept.state.as_str(),
            from: kept.time.map(|(from, _)| from.rfc3339()),
            until: kept.time.map(|(_, until)| until.rfc3339()),
        }
    }
}

/// Whether a customer is to be delivered to.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveriesEntitlement {
    /// Whether they are.
    entitled: bool,
    /// What a prepaid customer has left, in rupees; null for others.
    #[schema(required)]
    balance: Option<String>,
}

/// All that a customer may use, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entitlements {
    /// The customer's code.
    customer: String,
    /// `postpaid` or `prepaid`.
    billing_mode: &'static str,
    /// Whether they are to be delivered to.
    deliveries: DeliveriesEntitlement,
    /// What they may use now, by name.
    features: Vec<EntitledFeature>,
    /// Everything that was sold to them, the last first.
    grants: Vec<PlanGrant>,
}

impl From<&Whole> for Entitlements {
    fn from(whole: &Whole) -> Self {
        let features = whole.features.iter().map(|one| EntitledFeature {
            feature: one.feature.clone(),
            until: one.until.map(Moment::rfc3339),
            plan: one.plan.clone(),
            payment: one.payment.map(|payment| payment.0),
        });
        Self {
            customer: whole.code.clone(),
            billing_mode: whole.mode.as_str(),
            deliveries: DeliveriesEntitlement {
                entitled: whole.prepaid.is_none_or(|prepaid| prepaid.is_entitled),
                balance: whole.prepaid.map(|prepaid| prepaid.balance.to_string()),
            },
            features: features.collect(),
            grants: whole.grants.iter().map(PlanGrant::from).collect(),
        }
    }
}

/// An end that is to come.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntitlementEnd {
    /// The customer's code.
    customer: String,
    /// The feature; `*` for all.
    feature: String,
    /// The first moment at which it is over (RFC 3339).
    until: String,
}

impl From<&Ending> for EntitlementEnd {
    fn from(ending: &Ending) -> Self {
        Self {
            customer: ending.customer_code.clone(),
            feature: ending.entitled.feature.clone(),
            until: ending.entitled.until.rfc3339(),
        }
    }
}
