//! The accounts of the ledger.
//!
//! It deliberately has no numbers and no tree of accounts; an accountant's own plan is made at the
//! export.

/// An account of the ledger. Receivables are kept per customer, cash per person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What customers owe (an asset; negative: an advance).
    Receivable,
    /// Income from goods, without tax.
    Sales,
    /// Central tax collected and owed to the government.
    OutputCgst,
    /// State tax collected and owed to the government.
    OutputSgst,
    /// Integrated tax collected and owed to the government.
    OutputIgst,
    /// Paise given or taken to reach whole rupees.
    RoundOff,
    /// The other side of balances brought forward from earlier books.
    OpeningBalances,
    /// Cash that a rider or the office has taken and not handed over, by person (an asset).
    CashInHand,
    /// Money in the bank (an asset).
    Bank,
    /// Cheques received and not cleared (an asset).
    ChequesInHand,
    /// Money that Razorpay holds for us (an asset).
    GatewayRazorpay,
    /// Money that Stripe holds for us (an asset).
    GatewayStripe,
    /// What gateways charge, without tax (an expense).
    GatewayFees,
    /// Tax paid on what gateways charge, to be set off against tax collected (an asset).
    InputTaxOnFees,
    /// Money whose customer is not known yet (a liability).
    UnmatchedReceipts,
    /// Cash that was missing when it was handed over, by person (negative: too much).
    CashShort,
    /// Income from plans, at what was paid for them, tax and all.
    PlanSales,
}

impl Account {
    /// All accounts, in the order of reports.
    pub const ALL: [Self; 17] = [
        Self::Receivable,
        Self::Sales,
        Self::OutputCgst,
        Self::OutputSgst,
        Self::OutputIgst,
        Self::RoundOff,
        Self::OpeningBalances,
        Self::CashInHand,
        Self::Bank,
        Self::ChequesInHand,
        Self::GatewayRazorpay,
        Self::GatewayStripe,
        Self::GatewayFees,
        Self::InputTaxOnFees,
        Self::UnmatchedReceipts,
        Self::CashShort,
        Self::PlanSales,
    ];

    /// The name under which the account is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receivable => "receivable",
            Self::Sales => "sales",
            Self::OutputCgst => "output_cgst",
            Self::OutputSgst => "output_sgst",
            Self::OutputIgst => "output_igst",
            Self::RoundOff => "round_off",
            Self::OpeningBalances => "opening_balances",
            Self::CashInHand => "cash_in_hand",
            Self::Bank => "bank",
            Self::ChequesInHand => "cheques_in_hand",
            Self::GatewayRazorpay => "gateway_razorpay",
            Self::GatewayStripe => "gateway_stripe",
            Self::GatewayFees => "gateway_fees",
            Self::InputTaxOnFees => "input_gst",
            Self::UnmatchedReceipts => "unmatched_receipts",
            Self::CashShort => "cash_short",
            Self::PlanSales => "plan_sales",
        }
    }

    /// The account kept under `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|account| account.as_str() == name)
    }

    /// Whether each entry names the person it is about.
    pub const fn is_by_person(self) -> bool {
        matches!(self, Self::CashInHand | Self::CashShort)
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn names_are_kept_and_found() {
        for account in Account::ALL {
            assert_eq!(Account::from_name(account.as_str()), Some(account));
        }
        assert_eq!(Account::from_name("cash"), None);
    }

    #[test]
    fn cash_is_kept_by_person() {
        let by_person: Vec<_> = Account::ALL.into_iter().filter(|a| a.is_by_person()).collect();
        assert_eq!(by_person, [Account::CashInHand, Account::CashShort]);
    }
}
