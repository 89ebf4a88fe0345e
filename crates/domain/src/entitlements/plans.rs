//! Plans: what a customer can buy, as data.
//!
//! It deliberately knows no feature by name; what a feature opens is for whoever asks.

use super::DELIVERIES;
use crate::money::Money;
use thiserror::Error;

/// The days of a plan that does not say otherwise.
pub const DEFAULT_DAYS: u32 = 30;
/// The longest plan: ten years.
pub const MAX_DAYS: u32 = 3_660;
/// The feature that stands for all features.
pub const ALL_FEATURES: &str = "*";
/// Longest code of a plan or feature, in characters.
const MAX_CODE_CHARS: usize = 40;
/// Longest name of a plan, in characters.
const MAX_NAME_CHARS: usize = 100;
/// Most features of a plan.
const MAX_FEATURES: usize = 100;

/// Something a customer can buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its code, such as `premium`.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// The features it gives; `*` for all.
    pub features: Vec<String>,
    /// For how many days one payment gives them.
    pub days: u32,
    /// The price of one payment; a plan of no price is everybody's.
    pub price: Money,
}

/// Why a plan cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Not a code.
    #[error("\"{0}\" is not the code of a plan; expected 1 to 40 of a-z, 0-9, _ and -")]
    Code(String),
    /// Not a name.
    #[error("the name of a plan has 1 to 100 characters on one line")]
    Name,
    /// Not a feature.
    #[error(
        "\"{0}\" cannot be a feature of a plan; expected 1 to 40 of a-z, 0-9 and _, each once, or \
         * for all, but not deliveries, which no plan gives"
    )]
    Feature(String),
    /// None, or too many.
    #[error("a plan gives 1 to 100 features, not {0}")]
    FeatureCount(usize),
    /// Too short or too long.
    #[error("a plan lasts 1 to 3660 days, not {0}")]
    Days(u32),
    /// Less than nothing.
    #[error("a plan cannot cost {0}; expected 0 or more")]
    Price(Money),
}

impl Plan {
    /// Whether the plan can be sold as it is; names the first part that is wrong.
    pub fn check(&self) -> Result<(), PlanError> {
        if !is_code(&self.code, b"_-") {
            return Err(PlanError::Code(shown(&self.code)));
        }
        let name = &self.name;
        let length = name.chars().count();
        if name.trim().is_empty() || length > MAX_NAME_CHARS || name.chars().any(char::is_control) {
            return Err(PlanError::Name);
        }
        if !(1..=MAX_FEATURES).contains(&self.features.len()) {
            return Err(PlanError::FeatureCount(self.features.len()));
        }
        for (place, feature) in self.features.iter().enumerate() {
            let known = self.features.iter().take(place).any(|earlier| earlier == feature);
            let right = feature == ALL_FEATURES || is_feature(feature);
            if known || !right || feature == DELIVERIES {
                return Err(PlanError::Feature(shown(feature)));
            }
        }
        if !(1..=MAX_DAYS).contains(&self.days) {
            return Err(PlanError::Days(self.days));
        }
        if self.price < Money::ZERO {
            return Err(PlanError::Price(self.price));
        }
        Ok(())
    }
}

/// Whether a text has the form of a feature's name.
pub fn is_feature(text: &str) -> bool {
    is_code(text, b"_")
}

fn is_code(text: &str, others: &[u8]) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || others.contains(&byte);
    (1..=MAX_CODE_CHARS).contains(&text.len()) && text.bytes().all(plain)
}

fn shown(text: &str) -> String {
    text.chars().take(MAX_CODE_CHARS).collect()
}

/// The plans shipped as an example, the cheapest first.
pub fn example_plans() -> Vec<Plan> {
    let plan = |code: &str, name: &str, features: &[&str], rupees: i64| Plan {
        code: code.to_owned(),
        name: name.to_owned(),
        features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        days: DEFAULT_DAYS,
        price: Money::from_paise(rupees * 100),
    };
    let vip = ["basic", "premium", "analytics", "vip_support", "copy"];
    vec![
        plan("free", "Free", &["basic"], 0),
        plan("premium", "Premium", &["basic", "premium", "analytics"], 199),
        plan("vip", "VIP", &vip, 499),
        plan("enterprise", "Enterprise", &[ALL_FEATURES], 1999),
    ]
}

#[cfg(test)]
mod tests {
    use super::{ALL_FEATURES, Plan, PlanError, example_plans};
    use crate::money::Money;

    #[test]
    fn the_examples_can_be_sold() {
        let plans = example_plans();
        assert!(plans.iter().all(|plan| plan.check() == Ok(()) && plan.days == 30));
        assert!(plans.is_sorted_by_key(|plan| plan.price));
        let codes: Vec<_> = plans.iter().map(|plan| plan.code.as_str()).collect();
        assert_eq!(codes, ["free", "premium", "vip", "enterprise"]);
        assert_eq!(plans[3].features, [ALL_FEATURES]);
    }

    #[test]
    fn wrong_plans_are_refused() {
        let good = || example_plans().swap_remove(1);
        let code = |code: &str| Plan { code: code.to_owned(), ..good() }.check();
        let name = |name: &str| Plan { name: name.to_owned(), ..good() }.check();
        let features = |features: &[&str]| {
            let features = features.iter().map(|feature| (*feature).to_owned()).collect();
            Plan { features, ..good() }.check()
        };
        for wrong in ["", "Premium", "a b", &"x".repeat(41)] {
            assert!(matches!(code(wrong), Err(PlanError::Code(_))), "{wrong}");
        }
        for wrong in ["", " ", "a\nb", &"x".repeat(101)] {
            assert_eq!(name(wrong), Err(PlanError::Name), "{wrong}");
        }
        for wrong in [&["a", "a"][..], &["A"], &[""], &["deliveries"], &["a-b"]] {
            assert!(matches!(features(wrong), Err(PlanError::Feature(_))), "{wrong:?}");
        }
        assert_eq!(features(&[]), Err(PlanError::FeatureCount(0)));
        assert_eq!(features(&["a"; 101]), Err(PlanError::FeatureCount(101)));
        for days in [0, 3661] {
            assert_eq!(Plan { days, ..good() }.check(), Err(PlanError::Days(days)));
        }
        let price = Money::from_paise(-1);
        assert_eq!(Plan { price, ..good() }.check(), Err(PlanError::Price(price)));
        assert_eq!(code("a-b_1"), Ok(()));
    }
}
