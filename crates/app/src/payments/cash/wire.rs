//! Wallets and hand-overs as they are written in answers and printed as JSON.
//!
//! It deliberately is the same for the command and the API.

use super::{BANK, CashEntry, Shown, ShownHandOver, Wallet};
use domain::calendar::Moment;
use domain::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody has in hand.
#[derive(Debug, Serialize, ToSchema)]
pub struct CashWallet {
    /// What they sign in with.
    login: String,
    /// Their name.
    name: String,
    /// What they are in the business.
    role: &'static str,
    /// Whether they may sign in.
    active: bool,
    /// What they have in hand, in rupees; negative when receipts of cash were taken back after a
    /// hand-over.
    in_hand: String,
    /// When the first of it came (RFC 3339); null when there is nothing since the last hand-over.
    #[schema(required)]
    since: Option<String>,
    /// What was missing at their hand-overs and has not been made good, in rupees.
    short: String,
    /// Their last hand-over.
    #[schema(required)]
    last_hand_over: Option<i64>,
    /// When that was (RFC 3339).
    #[schema(required)]
    last_hand_over_at: Option<String>,
}

impl From<&Wallet> for CashWallet {
    fn from(wallet: &Wallet) -> Self {
        Self {
            login: wallet.login.clone(),
            name: wallet.name.clone(),
            role: wallet.role.as_str(),
            active: wallet.active,
            in_hand: wallet.in_hand.to_string(),
            since: wallet.since.map(Moment::rfc3339),
            short: wallet.short.to_string(),
            last_hand_over: wallet.last.map(|(id, ..)| id.0),
            last_hand_over_at: wallet.last.map(|(_, at, _)| at.rfc3339()),
        }
    }
}

/// What came into a wallet, or went out of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalletEntry {
    /// The transaction of the ledger.
    transaction: i64,
    /// When it was posted (RFC 3339).
    at: String,
    /// The business day it counts for.
    date: String,
    /// `payment`, or `hand_over` when it was taken over from somebody.
    cause: String,
    /// How much, in rupees; negative went out.
    amount: String,
    /// The payment.
    #[schema(required)]
    payment: Option<i64>,
    /// What was posted for the payment: `receipt`, or `reversal` when it was taken back.
    #[schema(required)]
    posting: Option<String>,
    /// The hand-over.
    #[schema(required)]
    hand_over: Option<i64>,
    /// Who has paid.
    #[schema(required)]
    customer_code: Option<String>,
}

impl From<&CashEntry> for WalletEntry {
    fn from(entry: &CashEntry) -> Self {
        Self {
            transaction: entry.transaction,
            at: entry.at.rfc3339(),
            date: entry.day.to_string(),
            cause: entry.cause.clone(),
            amount: entry.amount.to_string(),
            payment: entry.payment.as_ref().map(|(id, _)| id.0),
            posting: entry.payment.as_ref().map(|(_, posting)| posting.clone()),
            hand_over: entry.hand_over.map(|id| id.0),
            customer_code: entry.customer_code.clone(),
        }
    }
}

/// A wallet with what came since the last hand-over.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeWallet {
    /// The wallet.
    #[serde(flatten)]
    wallet: CashWallet,
    /// What came into it and went out since the last hand-over, the latest first.
    entries: Vec<WalletEntry>,
    /// Where the next page of entries begins: send it as `after`. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl WholeWallet {
    /// A wallet as it is shown, with the place of the next page as the caller writes it.
    pub fn new(shown: &Shown, next: Option<String>) -> Self {
        let entries = shown.entries.iter().map(WalletEntry::from).collect();
        Self { wallet: CashWallet::from(&shown.wallet), entries, next }
    }
}

/// Notes or coins of one value.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CashPieces {
    /// The value of one, in rupees: 2000, 500, 200, 100, 50, 20, 10, 5, 2 or 1.
    #[schema(minimum = 1, maximum = 2000)]
    pub value: i64,
    /// How many.
    #[schema(minimum = 0)]
    pub count: i64,
}

/// Cash that was handed over.
#[derive(Debug, Serialize, ToSchema)]
pub struct CashHandOver {
    /// Its number.
    id: i64,
    /// When (RFC 3339).
    at: String,
    /// The business day.
    date: String,
    /// The login of who handed over.
    giver: String,
    /// Their name.
    giver_name: String,
    /// The login of who took it, or `bank`.
    taker: String,
    /// Their name; null for the bank.
    #[schema(required)]
    taker_name: Option<String>,
    /// What the giver had in hand by the books, in rupees.
    in_hand: String,
    /// What was counted, in rupees.
    counted: String,
    /// What was missing and is posted under the giver's name, in rupees; negative made good what
    /// was missing before.
    shortage: String,
    /// Notes and coins, the largest first.
    pieces: Vec<CashPieces>,
    /// Coins that were counted together, in rupees.
    coins: String,
}

impl From<&ShownHandOver> for CashHandOver {
    fn from(shown: &ShownHandOver) -> Self {
        let kept = &shown.kept;
        let (giver, giver_name) = shown.giver.clone();
        let (taker, taker_name) = shown.taker.clone().unzip();
        Self {
            id: kept.id.0,
            at: kept.at.rfc3339(),
            date: kept.day.to_string(),
            giver,
            giver_name,
            taker: taker.unwrap_or_else(|| BANK.to_owned()),
            taker_name,
            in_hand: kept.in_hand.to_string(),
            counted: kept.counted.to_string(),
            shortage: kept.in_hand.minus(kept.counted).unwrap_or(Money::ZERO).to_string(),
            pieces: serde_json::from_str(&kept.pieces).unwrap_or_default(),
            coins: kept.coins.to_string(),
        }
    }
}
