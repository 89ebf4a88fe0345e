//! The arguments of `payments`; those about gateways and refunds are in a file of their own.
//!
//! They deliberately have no way to change an amount.

use super::asked::{PayOutArgs, RefundArgs, RefundsArgs, RequestArgs, RequestsArgs, UpiArgs};
use super::page::PageArgs;
use clap::{Args, Subcommand, ValueEnum};
use domain::calendar::Day;
use domain::money::Money;
use domain::payments::{Provider, State};

/// The commands of `payments`.
#[derive(Debug, Subcommand)]
pub enum PaymentsCommand {
    /// Record cash, a transfer or a cheque; it pays the bill named, else the oldest dues.
    Record(RecordArgs),
    /// List payments, the latest first.
    List(PaymentsListArgs),
    /// Show one payment with its log, what it paid, and what was posted for it.
    Show(PaymentArgs),
    /// Give a payment whose customer was not known to its customer.
    Assign(AssignArgs),
    /// Note that a cheque has become money in the bank.
    Clear(PaymentArgs),
    /// Take a receipt back: a cheque that bounced, or one recorded by mistake.
    Bounce(PaymentArgs),
    /// Ask a gateway for an order, a link, a QR code or a checkout; a worker calls it.
    Request(RequestArgs),
    /// List what gateways were asked for, or show one of them.
    Requests(RequestsArgs),
    /// Withdraw what a gateway was asked for.
    Cancel(PaymentArgs),
    /// Ask for a refund; above the limit of the settings another person must agree.
    Refund(RefundArgs),
    /// List refunds, or show one of them.
    Refunds(RefundsArgs),
    /// Agree to a refund that another person has asked for.
    Approve(PaymentArgs),
    /// Decline a refund that another person has asked for.
    Decline(PaymentArgs),
    /// Note that a refund was paid by hand, and book it.
    PayOut(PayOutArgs),
    /// Print the UPI link of a bill, which is also the text of its QR code.
    Upi(UpiArgs),
}

impl PaymentsCommand {
    /// Whether the answer was asked for as JSON.
    pub const fn wants_json(&self) -> bool {
        match self {
            Self::Record(args) => args.json,
            Self::List(args) => args.json,
            Self::Assign(args) => args.json,
            Self::Show(args)
            | Self::Clear(args)
            | Self::Bounce(args)
            | Self::Cancel(args)
            | Self::Approve(args)
            | Self::Decline(args) => args.json,
            Self::Request(args) => args.json,
            Self::Requests(args) => args.json,
            Self::Refund(args) => args.json,
            Self::Refunds(args) => args.json,
            Self::PayOut(args) => args.json,
            Self::Upi(args) => args.json,
        }
    }
}

/// How a receipt came in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum WayArg {
    /// Notes and coins.
    Cash,
    /// UPI to our bank account.
    Upi,
    /// A transfer to our bank account.
    Bank,
    /// A cheque.
    Cheque,
}

impl From<WayArg> for Provider {
    fn from(arg: WayArg) -> Self {
        match arg {
            WayArg::Cash => Self::Cash,
            WayArg::Upi => Self::Upi,
            WayArg::Bank => Self::Bank,
            WayArg::Cheque => Self::Cheque,
        }
    }
}

/// Arguments of `payments record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// How it came in.
    #[arg(long, value_enum)]
    pub method: WayArg,
    /// How much, in rupees, such as 1842.50.
    #[arg(long, value_parser = Money::parse)]
    pub amount: Money,
    /// The bank's reference (RRN or UTR), or the number of the cheque.
    #[arg(long)]
    pub reference: Option<String>,
    /// The customer's code.
    #[arg(long, value_name = "CODE")]
    pub customer: Option<String>,
    /// The number of the bill.
    #[arg(long, value_name = "NUMBER")]
    pub bill: Option<String>,
    /// The code of the plan that is bought, for its price; it then pays no bill.
    #[arg(long, value_name = "CODE", conflicts_with = "bill", requires = "customer")]
    pub plan: Option<String>,
    /// The number of the person who has taken the cash.
    #[arg(long, value_name = "ID")]
    pub person: Option<i64>,
    /// The day it came [default: today].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Day::parse)]
    pub date: Option<Day>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The state of a payment on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StateArg {
    /// Asked for, or begun.
    Created,
    /// Promised by the customer's bank.
    Authorized,
    /// Ours.
    Captured,
    /// A part went back.
    PartRefunded,
    /// All of it went back.
    Refunded,
    /// No money came, or it was taken back.
    Failed,
    /// The customer disputes it.
    Disputed,
}

impl From<StateArg> for State {
    fn from(arg: StateArg) -> Self {
        match arg {
            StateArg::Created => Self::Created,
            StateArg::Authorized => Self::Authorized,
            StateArg::Captured => Self::Captured,
            StateArg::PartRefunded => Self::PartRefunded,
            StateArg::Refunded => Self::Refunded,
            StateArg::Failed => Self::Failed,
            StateArg::Disputed => Self::Disputed,
        }
    }
}

/// Arguments of `payments list`.
#[derive(Debug, Args)]
pub struct PaymentsListArgs {
    /// Only payments of this customer.
    #[arg(long, value_name = "CODE")]
    pub customer: Option<String>,
    /// Only those of which nobody knows who pays.
    #[arg(long)]
    pub unmatched: bool,
    /// Only payments in this state.
    #[arg(long, value_enum)]
    pub state: Option<StateArg>,
    /// Which page.
    #[command(flatten)]
    pub page: PageArgs,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// One of them.
#[derive(Debug, Args)]
pub struct PaymentArgs {
    /// Its number.
    pub id: i64,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `payments assign`.
#[derive(Debug, Args)]
pub struct AssignArgs {
    /// The payment's number.
    pub id: i64,
    /// The customer's code.
    #[arg(long, value_name = "CODE")]
    pub customer: String,
    /// The number of the bill.
    #[arg(long, value_name = "NUMBER")]
    pub bill: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
