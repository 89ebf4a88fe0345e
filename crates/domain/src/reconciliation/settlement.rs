//! Whether the parts of a settlement come to what the gateway paid out.
//!
//! It deliberately takes the rows as the gateway gives them: fees are in the credit already
//! (`credit = amount − fee`, protocols 2).

use crate::money::{Money, Overflow};

/// A row of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementRow {
    /// What it adds.
    pub credit: Money,
    /// What it takes away.
    pub debit: Money,
}

/// The sum of the rows, when it is not what was paid out; `None` when it is.
pub fn settlement_difference(
    rows: impl IntoIterator<Item = SettlementRow>,
    paid_out: Money,
) -> Result<Option<Money>, Overflow> {
    let net = |row: SettlementRow| i128::from(row.credit.paise()) - i128::from(row.debit.paise());
    let sum = rows.into_iter().map(net).sum();
    let sum = Money::from_wide(sum, "the sum of a settlement")?;
    Ok((sum != paid_out).then_some(sum))
}

#[cfg(test)]
mod tests {
    use super::{SettlementRow, settlement_difference};
    use crate::money::Money;

    #[test]
    fn the_rows_come_to_what_was_paid_out() {
        let row = |credit, debit| SettlementRow {
            credit: Money::from_paise(credit),
            debit: Money::from_paise(debit),
        };
        // P1 of protocols 1 (184250 less a fee of 4348), and a refund.
        let rows = [row(179_902, 0), row(0, 25_000)];
        let difference = |paise| settlement_difference(rows, Money::from_paise(paise));
        assert_eq!(difference(154_902), Ok(None));
        assert_eq!(difference(154_901), Ok(Some(Money::from_paise(154_902))));
        assert_eq!(settlement_difference([], Money::ZERO), Ok(None));
        let most = row(i64::MAX, 0);
        assert!(settlement_difference([most, most], Money::ZERO).is_err());
    }
}
