//! Grants: what a payment for a plan gives, when it begins and ends, and what a customer may use at
//! a moment.
//!
//! A renewal begins where the present time of the same plan ends, so nobody loses days by paying
//! early. A payment that is refunded in full, reversed, or lost in a dispute gives nothing: its
//! days are taken away, and later ones of the plan move up.
//!
//! It deliberately computes the times anew from all grants of a customer; they are few.

use super::DELIVERIES;
use super::plans::{ALL_FEATURES, Plan};
use crate::calendar::Moment;
use crate::ids::PaymentId;
use crate::jobs::later;
use crate::money::Money;
use crate::payments::Facts;
use std::collections::BTreeMap;
use std::time::Duration;

/// Hours of a day.
const DAY_HOURS: u64 = 24;

/// What one payment for a plan gives, as it was sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The payment.
    pub payment: PaymentId,
    /// The plan's code.
    pub plan: String,
    /// The features it gives; `*` for all.
    pub features: Vec<String>,
    /// For how many days.
    pub days: u32,
    /// When it was paid.
    pub paid_at: Moment,
    /// Whether it is taken back.
    pub is_revoked: bool,
}

/// The grant of a payment for `plan`, as it was sold; `None` until its price was captured.
pub fn grant_of(payment: PaymentId, plan: &Plan, facts: &Facts) -> Option<Grant> {
    let is_paid = facts.captured > Money::ZERO && facts.captured >= plan.price;
    let paid_at = facts.captured_at.filter(|_| is_paid)?;
    Some(Grant {
        payment,
        plan: plan.code.clone(),
        features: plan.features.clone(),
        days: plan.days,
        paid_at,
        is_revoked: facts.is_revoked(),
    })
}

/// The time that a grant covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period<'a> {
    /// The grant.
    pub grant: &'a Grant,
    /// The first moment.
    pub from: Moment,
    /// The first moment after.
    pub until: Moment,
}

/// The times that a customer's grants cover, by plan and time; revoked ones cover none. `grants`
/// has each payment once, in any order.
pub fn periods(grants: &[Grant]) -> Vec<Period<'_>> {
    let mut standing: Vec<&Grant> = grants.iter().filter(|grant| !grant.is_revoked).collect();
    standing.sort_by_key(|grant| (&grant.plan, grant.paid_at, grant.payment));
    let mut periods: Vec<Period<'_>> = Vec::with_capacity(standing.len());
    for grant in standing {
        let end = periods.last().filter(|last| last.grant.plan == grant.plan);
        let from = end.map_or(grant.paid_at, |last| last.until.max(grant.paid_at));
        let length = Duration::from_hours(DAY_HOURS * u64::from(grant.days));
        periods.push(Period { grant, from, until: later(from, length) });
    }
    periods
}

/// Where a payment for a plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantState {
    /// It gives what was sold.
    Given,
    /// Less than the price was paid; it gives nothing.
    Short,
    /// The money went back; it gives nothing any more.
    Revoked,
}

impl GrantState {
    /// Where a payment stands of which this is known, for a plan of this price; `None` until money
    /// was captured.
    pub fn of(price: Money, facts: &Facts) -> Option<Self> {
        if facts.captured <= Money::ZERO {
            return None;
        }
        Some(match facts {
            facts if facts.captured < price => Self::Short,
            facts if facts.is_revoked() => Self::Revoked,
            _ => Self::Given,
        })
    }

    /// The word under which it is kept and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Short => "short",
            Self::Revoked => "revoked",
        }
    }

    /// The state of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Given, Self::Short, Self::Revoked].into_iter().find(|state| state.as_str() == name)
    }
}

/// Until when a customer has paid for each feature, whether that is over or not. Once all of the
/// grants are paid for, it is what [`Entitlements::at`] says of those that are not over.
pub fn ends(grants: &[Grant]) -> BTreeMap<&str, Moment> {
    let mut ends: BTreeMap<&str, Moment> = BTreeMap::new();
    for period in periods(grants) {
        for feature in &period.grant.features {
            let end = ends.entry(feature).or_insert(period.until);
            *end = period.until.max(*end);
        }
    }
    ends
}

/// What a customer may use, as seen at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entitlements {
    /// Each feature with the first moment at which it is over; `None` for never.
    features: BTreeMap<String, Option<Moment>>,
}

impl Entitlements {
    /// What a customer may use at `now`: the features of `plans` that cost nothing, without end,
    /// and those of their grants, until nothing they have paid for follows without a gap.
    pub fn at(now: Moment, plans: &[Plan], grants: &[Grant]) -> Self {
        let mut periods = periods(grants);
        periods.sort_by_key(|period| (period.from, period.until));
        let mut ends: BTreeMap<&String, Moment> = BTreeMap::new();
        for period in periods {
            for feature in &period.grant.features {
                let end = ends.entry(feature).or_insert(now);
                if period.from <= *end {
                    *end = period.until.max(*end);
                }
            }
        }
        let paid = ends.into_iter().filter(|(_, end)| *end > now);
        let free = plans.iter().filter(|plan| plan.price.is_zero());
        let mut features: BTreeMap<String, Option<Moment>> =
            paid.map(|(feature, end)| (feature.clone(), Some(end))).collect();
        features.extend(free.flat_map(|plan| &plan.features).map(|free| (free.clone(), None)));
        Self { features }
    }

    /// Each feature with the first moment at which it is over, `None` for never, by name. `*`
    /// stands for all.
    pub fn features(&self) -> impl Iterator<Item = (&str, Option<Moment>)> {
        self.features.iter().map(|(feature, until)| (feature.as_str(), *until))
    }

    /// Whether the customer may use a feature at `now`, a moment not before the one seen at.
    pub fn allow(&self, feature: &str, now: Moment) -> bool {
        let holds = |feature: &str| {
            self.features.get(feature).is_some_and(|until| until.is_none_or(|until| now < until))
        };
        feature != DELIVERIES && (holds(feature) || holds(ALL_FEATURES))
    }

    /// The first moment at which something is over: what was computed holds until then, unless a
    /// payment is told of.
    pub fn next_end(&self) -> Option<Moment> {
        self.features.values().flatten().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Entitlements, Grant, GrantState, ends, grant_of, periods};
    use crate::calendar::Moment;
    use crate::entitlements::{DELIVERIES, Plan, example_plans};
    use crate::ids::PaymentId;
    use crate::money::Money;
    use crate::payments::{DisputeStatus, Facts, Observation, RefundStatus};
    use proptest::prelude::*;

    const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

    fn day(day: i64) -> Moment {
        Moment::from_unix_micros(day * DAY_MICROS)
    }

    fn plan(code: &str) -> Plan {
        example_plans().into_iter().find(|plan| plan.code == code).unwrap()
    }

    fn grant(payment: i64, code: &str, paid: i64) -> Grant {
        let plan = plan(code);
        Grant {
            payment: PaymentId(payment),
            plan: plan.code,
            features: plan.features,
            days: plan.days,
            paid_at: day(paid),
            is_revoked: false,
        }
    }

    fn days(grants: &[Grant]) -> Vec<(i64, i64, i64)> {
        let in_days = |moment: Moment| moment.unix_micros() / DAY_MICROS;
        let shown = periods(grants).into_iter();
        shown.map(|p| (p.grant.payment.0, in_days(p.from), in_days(p.until))).collect()
    }

    #[test]
    fn renewal_goes_on_from_the_later_of_payment_and_end() {
        let grants = [grant(1, "premium", 0), grant(2, "premium", 20), grant(3, "premium", 70)];
        assert_eq!(days(&grants), [(1, 0, 30), (2, 30, 60), (3, 70, 100)]);
        // Another plan runs beside it.
        let grants = [grant(1, "vip", 0), grant(2, "premium", 20)];
        assert_eq!(days(&grants), [(2, 20, 50), (1, 0, 30)]);
    }

    #[test]
    fn a_revoked_grant_gives_its_days_back() {
        let mut grants = [grant(1, "premium", 0), grant(2, "premium", 20)];
        grants[0].is_revoked = true;
        assert_eq!(days(&grants), [(2, 20, 50)]);
        grants[1].is_revoked = true;
        assert!(days(&grants).is_empty());
    }

    #[test]
    fn a_grant_follows_what_is_known_of_its_payment() {
        let premium = plan("premium");
        let price = premium.price;
        let made = |facts: &Facts| grant_of(PaymentId(1), &premium, facts);
        let mut facts = Facts::default();
        facts.merge(&Observation::Authorized { amount: price });
        assert_eq!(made(&facts), None);
        let less = price.minus(Money::from_paise(1)).unwrap();
        facts.merge(&Observation::Captured { amount: less, at: day(5) });
        assert_eq!(made(&facts), None);
        facts.merge(&Observation::Captured { amount: price, at: day(5) });
        assert_eq!(made(&facts), Some(grant(1, "premium", 5)));
        let stands = |price| GrantState::of(price, &facts);
        assert_eq!(stands(price), Some(GrantState::Given));
        assert_eq!(stands(price.plus(Money::from_paise(1)).unwrap()), Some(GrantState::Short));
        assert_eq!(GrantState::of(Money::ZERO, &Facts::default()), None);
        let revoked = |facts: &Facts, seen: &[Observation]| {
            let mut facts = facts.clone();
            for seen in seen {
                facts.merge(seen);
            }
            made(&facts).unwrap().is_revoked
        };
        let refund = |status, amount| Observation::Refund { id: "r".to_owned(), status, amount };
        assert!(!revoked(&facts, &[refund(RefundStatus::Pending, less)]));
        let whole = refund(RefundStatus::Processed, price);
        assert!(revoked(&facts, std::slice::from_ref(&whole)));
        assert!(!revoked(&facts, &[refund(RefundStatus::Failed, price), whole]));
        for (status, expected) in [
            (DisputeStatus::Created, false),
            (DisputeStatus::Won, false),
            (DisputeStatus::Lost, true),
        ] {
            let (id, deducted) = ("d".to_owned(), Money::ZERO);
            let dispute = Observation::Dispute { id, status, amount: price, deducted };
            assert_eq!(revoked(&facts, &[dispute]), expected);
        }
        assert!(revoked(&facts, &[Observation::Reversed]));
        facts.merge(&Observation::Reversed);
        assert_eq!(GrantState::of(price, &facts), Some(GrantState::Revoked));
        for state in [GrantState::Given, GrantState::Short, GrantState::Revoked] {
            assert_eq!(GrantState::from_name(state.as_str()), Some(state));
        }
        // A plan of no price is everybody's, and nobody's grant.
        assert_eq!(grant_of(PaymentId(1), &plan("free"), &Facts::default()), None);
    }

    #[test]
    fn what_may_be_used_is_known_with_its_end() {
        let plans = example_plans();
        let grants = [grant(1, "premium", 0), grant(2, "vip", 20), grant(3, "premium", 25)];
        let at = Entitlements::at(day(21), &plans, &grants);
        let shown: Vec<_> = at.features().collect();
        let expected = [
            ("analytics", Some(day(60))),
            ("basic", None),
            ("copy", Some(day(50))),
            ("premium", Some(day(60))),
            ("vip_support", Some(day(50))),
        ];
        assert_eq!(shown, expected);
        assert_eq!(at.next_end(), Some(day(50)));
        assert!(at.allow("copy", day(49)) && !at.allow("copy", day(50)));
        assert!(at.allow("basic", day(9999)) && !at.allow("other", day(21)));
        let early = Entitlements::at(day(-1), &plans, &grants);
        assert_eq!(early.features().collect::<Vec<_>>(), [("basic", None)]);
        assert_eq!(early.next_end(), None);
        let late = Entitlements::at(day(60), &[], &grants);
        assert_eq!(late, Entitlements::default());
    }

    #[test]
    fn enterprise_is_entitled_to_all_but_deliveries() {
        let at = Entitlements::at(day(1), &[], &[grant(1, "enterprise", 0)]);
        assert!(at.allow("anything", day(1)) && !at.allow("anything", day(30)));
        assert!(!at.allow(DELIVERIES, day(1)));
    }

    fn some_grants() -> impl Strategy<Value = Vec<Grant>> {
        let codes = prop::sample::select(vec!["premium", "vip", "enterprise"]);
        let one = (codes, 0i64..100, any::<bool>());
        prop::collection::vec(one, 0..7).prop_map(|all| {
            let numbered = (1i64..).zip(all);
            let made = numbered.map(|(payment, (code, paid, is_revoked))| Grant {
                is_revoked,
                ..grant(payment, code, paid)
            });
            made.collect()
        })
    }

    proptest! {
        #[test]
        fn the_order_of_grants_does_not_matter(
            (grants, shuffled) in some_grants()
                .prop_flat_map(|grants| (Just(grants.clone()), Just(grants).prop_shuffle())),
            now in 0i64..200,
        ) {
            prop_assert_eq!(days(&grants), days(&shuffled));
            let plans = example_plans();
            let at = |grants: &[Grant]| Entitlements::at(day(now), &plans, grants);
            prop_assert_eq!(at(&grants), at(&shuffled));
            // Every grant that stands gives its days once, none before it was paid.
            let standing = grants.iter().filter(|grant| !grant.is_revoked).count();
            let periods = periods(&grants);
            prop_assert_eq!(periods.len(), standing);
            for period in &periods {
                prop_assert!(period.from >= period.grant.paid_at);
                let length = period.until.unix_micros() - period.from.unix_micros();
                prop_assert_eq!(length, 30 * DAY_MICROS);
            }
            // Once all is paid for, the last end of a feature is when it is over.
            let after = day(now + 100);
            let over = ends(&grants).into_iter().filter(|(_, end)| *end > after);
            let over: Vec<_> = over.map(|(feature, end)| (feature, Some(end))).collect();
            let at_end = Entitlements::at(after, &[], &grants);
            prop_assert_eq!(at_end.features().collect::<Vec<_>>(), over);
            // What is allowed later is what is computed later, until the first end.
            let seen = at(&grants);
            let soon = day(now + 1);
            if seen.next_end().is_none_or(|end| soon < end) {
                let then = Entitlements::at(soon, &plans, &grants);
                for (feature, _) in seen.features() {
                    prop_assert!(seen.allow(feature, soon) && then.allow(feature, soon));
                }
            }
        }
    }
}
