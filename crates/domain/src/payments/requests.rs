//! What we ask gateways for, so that customers can pay: where it stands, and what is due next.
//!
//! `new → sent → done → paid`, or `refused`, `unknown`, `cancelled`, `expired`. It deliberately
//! says nothing of money: that is booked when the gateway tells of the payment, whatever became of
//! what was asked for.

use super::provider::Provider;

/// What a gateway is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// An order, paid on a checkout page of our own.
    Order,
    /// A link to a page of the gateway.
    Link,
    /// A QR code for UPI.
    Qr,
    /// A checkout session: a page of the gateway for one payment.
    Checkout,
}

/// Where something that we asked for stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestState {
    /// To be sent.
    New,
    /// Being sent; if that was long ago, nobody knows what became of it.
    Sent,
    /// The gateway made it, and it can be paid.
    Done,
    /// The gateway will not make it.
    Refused,
    /// Nobody knows what became of it; the gateway is asked.
    Unknown,
    /// Withdrawn.
    Cancelled,
    /// Too old.
    Expired,
    /// Paid.
    Paid,
}

/// What a worker does next about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing: it has ended.
    Nothing,
    /// It ends here, without a word to the gateway.
    End(RequestState),
    /// Send it.
    Send,
    /// Ask the gateway whether it knows it.
    Find,
    /// Ask the gateway how it stands.
    Look,
}

impl RequestKind {
    /// All, in the order of documents.
    pub const ALL: [Self; 4] = [Self::Order, Self::Link, Self::Qr, Self::Checkout];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Link => "link",
            Self::Qr => "qr",
            Self::Checkout => "checkout",
        }
    }

    /// The kind of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether a gateway makes it.
    pub const fn is_made_by(self, provider: Provider) -> bool {
        match self {
            Self::Order | Self::Link | Self::Qr => matches!(provider, Provider::Razorpay),
            Self::Checkout => matches!(provider, Provider::Stripe),
        }
    }
}

impl RequestState {
    /// All, in the order of a request's life.
    pub const ALL: [Self; 8] = [
        Self::New,
        Self::Sent,
        Self::Done,
        Self::Refused,
        Self::Unknown,
        Self::Cancelled,
        Self::Expired,
        Self::Paid,
    ];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Sent => "sent",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Paid => "paid",
        }
    }

    /// The state of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether something is still to come of it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Sent | Self::Done | Self::Unknown)
    }

    /// What is due. What was perhaps sent is never sent again before the gateway was asked.
    pub const fn due(self, is_cancelled: bool, is_too_old: bool) -> Due {
        match self {
            Self::New if is_cancelled => Due::End(Self::Cancelled),
            Self::New if is_too_old => Due::End(Self::Expired),
            Self::New => Due::Send,
            Self::Sent | Self::Unknown => Due::Find,
            Self::Done => Due::Look,
            Self::Refused | Self::Cancelled | Self::Expired | Self::Paid => Due::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Due, RequestKind, RequestState};
    use crate::payments::Provider;

    #[test]
    fn words_are_found_again() {
        for state in RequestState::ALL {
            assert_eq!(RequestState::from_name(state.as_str()), Some(state));
            assert_eq!(state.is_open(), state.due(false, false) != Due::Nothing);
        }
        for kind in RequestKind::ALL {
            assert_eq!(RequestKind::from_name(kind.as_str()), Some(kind));
            let made = [Provider::Razorpay, Provider::Stripe].map(|p| kind.is_made_by(p));
            assert_eq!(made.iter().filter(|made| **made).count(), 1);
        }
        assert_eq!(RequestState::from_name("open"), None);
        assert_eq!(RequestKind::from_name("cash"), None);
    }

    #[test]
    fn what_was_perhaps_sent_is_looked_for() {
        assert_eq!(RequestState::New.due(false, false), Due::Send);
        assert_eq!(RequestState::New.due(true, true), Due::End(RequestState::Cancelled));
        assert_eq!(RequestState::New.due(false, true), Due::End(RequestState::Expired));
        for (cancelled, old) in [(false, false), (true, false), (false, true)] {
            assert_eq!(RequestState::Sent.due(cancelled, old), Due::Find);
            assert_eq!(RequestState::Unknown.due(cancelled, old), Due::Find);
            assert_eq!(RequestState::Done.due(cancelled, old), Due::Look);
            assert_eq!(RequestState::Paid.due(cancelled, old), Due::Nothing);
        }
    }
}
