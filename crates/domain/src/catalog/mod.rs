//! The catalog: products, and the price that is in force on a day.
//!
//! It deliberately keeps no price on a bill; bills take snapshots.

mod prices;
mod product;

pub use prices::{InForce, PriceBasis, PriceBook, PriceChange, PriceSteps};
pub use product::{Hsn, HsnError, Product, Unit};
