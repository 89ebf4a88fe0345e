//! Dated prices: general revisions in the middle of a month, and the own prices of trade
//! customers, of which some start in the middle of a month and some end.
//!
//! The price column holds the word `general` where a customer's own price ends. The prices of the
//! first day are in `products.csv`, so this file deliberately does not repeat them.

use super::assortment::Sku;
use super::csv_file::CsvFile;
use super::customers::{Code, Household};
use super::dice::Dice;
use super::error::GeneratorError;
use super::window::Window;
use domain::calendar::{Day, Month};
use domain::money::UnitPrice;

/// The columns of `prices.csv`.
pub const COLUMNS: [&str; 4] = ["sku", "customer_code", "effective_from", "price"];

/// The price of a customer's row from whose day the general price holds again.
const GENERAL_AGAIN: &str = "general";

/// Each milk goes up by two rupees; milk for trade by a little less.
const MILK_RISE: [(Sku, i64); 4] =
    [(Sku::CowMilk, 2000), (Sku::BuffaloMilk, 2000), (Sku::TonedMilk, 2000), (Sku::BulkMilk, 1745)];

/// Twice a year the other prices follow.
const HALF_YEARLY_RISE: [(Sku, i64); 7] = [
    (Sku::Curd, 1250),
    (Sku::Buttermilk, 250),
    (Sku::Paneer, 7450),
    (Sku::Butter, 3010),
    (Sku::RoseMilk, 380),
    (Sku::Bread, 1000),
    (Sku::BulkCurd, 1335),
];

const GHEE_RISE: [(Sku, i64); 1] = [(Sku::Ghee, 13_385)];

/// Writes `prices.csv` and gives its number of rows.
pub fn write(
    mut csv: CsvFile,
    window: &Window,
    households: &[Household],
    dice: &mut Dice,
) -> Result<u64, GeneratorError> {
    write_general(&mut csv, window)?;
    for household in households.iter().filter(|household| household.trade) {
        write_own(&mut csv, window, household, dice)?;
    }
    csv.finish()
}

fn write_general(csv: &mut CsvFile, window: &Window) -> Result<(), GeneratorError> {
    // The rises so far, by place in the assortment.
    let mut risen = [0; super::assortment::ITEMS.len()];
    let mut revise = |month: Month, date: i32, rises: &[(Sku, i64)]| {
        let day = month.first_day().plus_days(date - 1);
        for (sku, rise) in rises {
            let so_far = &mut risen[*sku as usize];
            *so_far += rise;
            let item = sku.item();
            csv.text(item.code).blank().plain(day);
            csv.plain(UnitPrice::from_milli(item.price_milli() + *so_far));
            csv.end_row()?;
        }
        Ok(())
    };
    for (index, month) in window.months().iter().enumerate() {
        if index % 6 == 5 {
            revise(*month, 6, &HALF_YEARLY_RISE)?;
        }
        if *month == window.middle_month() {
            revise(*month, 11, &MILK_RISE)?;
        }
        if *month == window.last_month() {
            revise(*month, 16, &MILK_RISE)?;
            revise(*month, 21, &GHEE_RISE)?;
        }
    }
    Ok(())
}

fn write_own(
    csv: &mut CsvFile,
    window: &Window,
    household: &Household,
    dice: &mut Dice,
) -> Result<(), GeneratorError> {
    let mut done: Vec<Sku> = Vec::new();
    for standing in household.standing.iter().flatten() {
        if done.contains(&standing.sku) {
            continue;
        }
        done.push(standing.sku);
        let start = if dice.chance(6000) { 0 } else { dice.below(window.len()) };
        let price = own_price(standing.sku, dice);
        let mut row = |place: u32, price: Option<i64>| {
            csv.text(standing.sku.item().code).plain(Code(household.index));
            csv.plain(day_at(window, place));
            match price {
                Some(milli) => csv.plain(UnitPrice::from_milli(milli)),
                None => csv.text(GENERAL_AGAIN),
            };
            csv.end_row()
        };
        row(start, Some(price))?;
        let later = start + 5 + dice.below(window.len());
        if later < window.len() && dice.chance(7000) {
            let ends = dice.chance(5500);
            row(later, (!ends).then_some(price + 1500))?;
        }
    }
    Ok(())
}

/// One to seven per cent below the general price, in milli-rupees; half of the prices are rounded
/// to ten paise, the others are left as haggling left them.
fn own_price(sku: Sku, dice: &mut Dice) -> i64 {
    let share = i64::from(dice.between(9300, 9900));
    let exact = sku.item().price_milli() * share / 10_000;
    if dice.chance(5000) { exact / 100 * 100 } else { exact }
}

fn day_at(window: &Window, place: u32) -> Day {
    let count = i32::try_from(place).unwrap_or(i32::MAX);
    window.first_day().plus_days(count)
}
