//! The ways in which money comes in, and the account that each puts it into.
//!
//! It deliberately calls nobody; what a gateway says is read elsewhere.

use crate::ids::PersonId;
use crate::ledger::{Account, Entry};
use crate::money::Money;

/// How, or through whom, a payment comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// Notes and coins, taken by a rider or the office.
    Cash,
    /// UPI straight to our bank account, known by its reference (RRN).
    Upi,
    /// A transfer to our bank account.
    Bank,
    /// A cheque; it settles nothing in the bank until it is cleared.
    Cheque,
    /// The gateway Razorpay.
    Razorpay,
    /// The gateway Stripe.
    Stripe,
}

impl Provider {
    /// All, in the order of reports.
    pub const ALL: [Self; 6] =
        [Self::Cash, Self::Upi, Self::Bank, Self::Cheque, Self::Razorpay, Self::Stripe];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Upi => "upi",
            Self::Bank => "bank",
            Self::Cheque => "cheque",
            Self::Razorpay => "razorpay",
            Self::Stripe => "stripe",
        }
    }

    /// The provider of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }

    /// Whether a gateway tells us of the payment, and pays it out later.
    pub const fn is_gateway(self) -> bool {
        matches!(self, Self::Razorpay | Self::Stripe)
    }

    /// The account that money coming in goes to.
    pub const fn account(self) -> Account {
        match self {
            Self::Cash => Account::CashInHand,
            Self::Upi | Self::Bank => Account::Bank,
            Self::Cheque => Account::ChequesInHand,
            Self::Razorpay => Account::GatewayRazorpay,
            Self::Stripe => Account::GatewayStripe,
        }
    }

    /// The account that refunds come from: where the money came in, but for cheques, of which a
    /// refund is paid from the bank.
    pub const fn refund_account(self) -> Account {
        match self {
            Self::Cheque => Account::Bank,
            _ => self.account(),
        }
    }
}

/// The entry of `amount` in an account, naming `person` when the account is kept by person.
pub(super) fn entry(account: Account, person: Option<PersonId>, amount: Money) -> Entry {
    Entry { account, person: person.filter(|_| account.is_by_person()), amount }
}

#[cfg(test)]
mod tests {
    use super::{Provider, entry};
    use crate::ids::PersonId;
    use crate::ledger::Account;
    use crate::money::Money;

    #[test]
    fn every_provider_has_its_word_and_account() {
        for provider in Provider::ALL {
            assert_eq!(Provider::from_name(provider.as_str()), Some(provider));
            let gateway = provider.account().as_str().starts_with("gateway_");
            assert_eq!(gateway, provider.is_gateway());
        }
        assert_eq!(Provider::from_name("Cash"), None);
        assert_eq!(Provider::Upi.account(), Account::Bank);
        assert_eq!(Provider::Cheque.account(), Account::ChequesInHand);
        assert_eq!(Provider::Cheque.refund_account(), Account::Bank);
        assert_eq!(Provider::Razorpay.refund_account(), Account::GatewayRazorpay);
    }

    #[test]
    fn only_cash_names_a_person() {
        let (person, money) = (Some(PersonId(3)), Money::from_paise(1));
        assert_eq!(entry(Account::CashInHand, person, money).person, person);
        assert_eq!(entry(Account::Bank, person, money).person, None);
    }
}
