//! The arguments of `payments` about what gateways are asked for, refunds, and UPI links.
//!
//! They deliberately take no secret; those are in the settings.

use super::page::PageArgs;
use clap::{Args, ValueEnum};
use domain::calendar::Moment;
use domain::money::Money;
use domain::payments::{Destination, Provider, RequestKind};

/// A gateway on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum GatewayArg {
    /// Razorpay.
    Razorpay,
    /// Stripe.
    Stripe,
}

impl From<GatewayArg> for Provider {
    fn from(arg: GatewayArg) -> Self {
        match arg {
            GatewayArg::Razorpay => Self::Razorpay,
            GatewayArg::Stripe => Self::Stripe,
        }
    }
}

/// What a gateway is asked for, on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum KindArg {
    /// An order of Razorpay, for a checkout page of our own.
    Order,
    /// A payment link of Razorpay.
    Link,
    /// A QR code of Razorpay.
    Qr,
    /// A checkout session of Stripe.
    Checkout,
}

impl From<KindArg> for RequestKind {
    fn from(arg: KindArg) -> Self {
        match arg {
            KindArg::Order => Self::Order,
            KindArg::Link => Self::Link,
            KindArg::Qr => Self::Qr,
            KindArg::Checkout => Self::Checkout,
        }
    }
}

/// Where a refund goes, on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DestinationArg {
    /// Where the money came from.
    Source,
    /// The customer's advance.
    Advance,
}

impl From<DestinationArg> for Destination {
    fn from(arg: DestinationArg) -> Self {
        match arg {
            DestinationArg::Source => Self::Source,
            DestinationArg::Advance => Self::Advance,
        }
    }
}

fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse(text).ok_or_else(|| "expected such as 2026-10-31T18:00:00+05:30".to_owned())
}

/// Arguments of `payments request`.
#[derive(Debug, Args)]
pub struct RequestArgs {
    /// Who is asked.
    #[arg(long, value_enum)]
    pub provider: GatewayArg,
    /// For what.
    #[arg(long, value_enum)]
    pub kind: KindArg,
    /// The customer's code; not needed with a bill.
    #[arg(long, value_name = "CODE")]
    pub customer: Option<String>,
    /// The number of the bill to be paid.
    #[arg(long, value_name = "NUMBER")]
    pub bill: Option<String>,
    /// How much, in rupees [default: what is due].
    #[arg(long, value_parser = Money::parse)]
    pub amount: Option<Money>,
    /// Let less be paid; of orders and links only.
    #[arg(long)]
    pub in_parts: bool,
    /// When it ends.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub expires_at: Option<Moment>,
    /// The plan to be bought; needs an amount.
    #[arg(long, value_name = "CODE")]
    pub plan: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `payments requests`.
#[derive(Debug, Args)]
pub struct RequestsArgs {
    /// Show only the one of this number.
    pub id: Option<i64>,
    /// Only those of this customer.
    #[arg(long, value_name = "CODE")]
    pub customer: Option<String>,
    /// Only those that stand like this: new, sent, done, refused, unknown, cancelled, expired or
    /// paid.
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    /// Which page.
    #[command(flatten)]
    pub page: PageArgs,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `payments refund`.
#[derive(Debug, Args)]
pub struct RefundArgs {
    /// The payment's number.
    pub payment: i64,
    /// How much, in rupees.
    #[arg(long, value_parser = Money::parse)]
    pub amount: Money,
    /// Where it goes.
    #[arg(long, value_enum, default_value = "source")]
    pub destination: DestinationArg,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The number of the person from whose cash it is paid.
    #[arg(long, value_name = "ID")]
    pub person: Option<i64>,
    /// The bank's reference, when it was paid by hand already.
    #[arg(long)]
    pub reference: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `payments refunds`.
#[derive(Debug, Args)]
pub struct RefundsArgs {
    /// Show only the one of this number.
    pub id: Option<i64>,
    /// Only those of this payment.
    #[arg(long, value_name = "ID")]
    pub payment: Option<i64>,
    /// Only those that stand like this: requested, approved, declined, sent, unknown, processed or
    /// failed.
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    /// Which page.
    #[command(flatten)]
    pub page: PageArgs,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `payments pay-out`.
#[derive(Debug, Args)]
pub struct PayOutArgs {
    /// The refund's number.
    pub id: i64,
    /// The number of the person from whose cash it was paid.
    #[arg(long, value_name = "ID")]
    pub person: Option<i64>,
    /// The bank's reference.
    #[arg(long)]
    pub reference: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `payments upi`.
#[derive(Debug, Args)]
pub struct UpiArgs {
    /// The number of the bill, such as INV/26-27/000001.
    #[arg(value_name = "BILL")]
    pub bill: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
