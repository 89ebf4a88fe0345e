//! Exact money and measures: integers with a fixed number of decimals, one rounding function, and
//! the only money formatter of the product.
//!
//! It deliberately has no floating-point numbers and no currencies other than the Indian rupee.

mod amount;
mod decimal;
mod discount;
mod inr;
mod parts;
mod price;
mod quantity;
mod rounding;
mod tax;

pub use amount::{Money, Overflow};
pub use decimal::{DecimalError, format_fixed, parse_fixed};
pub use discount::{Discount, DiscountError};
pub use inr::inr;
pub use parts::{PartsError, split_by_weights, split_evenly};
pub use price::UnitPrice;
pub use quantity::Quantity;
pub use rounding::half_even;
pub use tax::{TaxRate, TaxRateError, TaxSplit, split_tax};
