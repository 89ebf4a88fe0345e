//! One-time orders: ghee and sweets before the festivals, paneer for guests, butter and cheese.
//!
//! It deliberately follows the months of the festivals, not their dates, which the moon moves.

use super::assortment::Sku;
use super::csv_file::CsvFile;
use super::customers::{Code, Household};
use super::dice::Dice;
use super::error::GeneratorError;
use super::window::Window;
use domain::calendar::Day;
use domain::money::{Quantity, UnitPrice};
use domain::orders::Status;

/// The columns of `orders.csv`.
pub const COLUMNS: [&str; 8] = [
    "reference",
    "ordered_on",
    "delivery_date",
    "customer_code",
    "sku",
    "quantity",
    "status",
    "price",
];

/// Customer-days for one order: 0.15 orders in a month of thirty days.
const CUSTOMER_DAYS_PER_ORDER: u32 = 200;

const USUAL: [(u32, Sku); 6] = [
    (30, Sku::Paneer),
    (20, Sku::Ghee),
    (15, Sku::Penda),
    (15, Sku::Cheese),
    (12, Sku::Butter),
    (8, Sku::Curd),
];
const FESTIVE: [(u32, Sku); 6] = [
    (18, Sku::Paneer),
    (38, Sku::Ghee),
    (28, Sku::Penda),
    (6, Sku::Cheese),
    (6, Sku::Butter),
    (4, Sku::Curd),
];

const STATUSES: [(u32, Status); 3] =
    [(92, Status::Delivered), (4, Status::Pending), (4, Status::Cancelled)];

/// Writes `orders.csv`, by day of delivery, and gives its number of rows.
pub fn write(
    mut csv: CsvFile,
    window: &Window,
    households: &[Household],
    dice: &mut Dice,
) -> Result<u64, GeneratorError> {
    let customers = u32::try_from(households.len()).unwrap_or(u32::MAX);
    let mut serial = 0_u32;
    for (place, day) in window.days() {
        let whole = customers / CUSTOMER_DAYS_PER_ORDER;
        let rest = customers % CUSTOMER_DAYS_PER_ORDER;
        let one_more = u32::from(dice.below(CUSTOMER_DAYS_PER_ORDER) < rest);
        for _ in 0..whole + one_more {
            let chosen = usize::try_from(dice.below(customers)).unwrap_or(0);
            let household = households.get(chosen);
            let Some(household) = household.filter(|found| found.is_customer(place)) else {
                continue;
            };
            serial += 1;
            write_order(&mut csv, (serial, day), household, dice)?;
        }
    }
    csv.finish()
}

fn write_order(
    csv: &mut CsvFile,
    (serial, day): (u32, Day),
    household: &Household,
    dice: &mut Dice,
) -> Result<(), GeneratorError> {
    let month = day.month();
    // Holi, Raksha Bandhan and Janmashtami, Navratri, Diwali.
    let festive = matches!(month.number() % 100, 3 | 8 | 10 | 11);
    let sku = dice.weighted(if festive { &FESTIVE } else { &USUAL });
    let item = sku.item();
    let steps = dice.weighted(&[(40, 1), (35, 2), (10, 3), (10, 4), (5, 10)]);
    let days_before = i32::try_from(dice.below(5)).unwrap_or(0);
    csv.plain(format_args!("O-{month}-{serial:06}"));
    csv.plain(day.plus_days(-days_before)).plain(day);
    csv.plain(Code(household.index)).text(item.code);
    csv.plain(Quantity::from_milli(i64::from(steps * item.step_milli)));
    csv.text(dice.weighted(&STATUSES).as_str());
    if dice.chance(1200) {
        // A price agreed for this order: some below the list, a few above, as stock goes.
        let share = i64::from(dice.between(9000, 10_100));
        csv.plain(UnitPrice::from_milli(item.price_milli() * share / 10_000));
    } else {
        csv.blank();
    }
    csv.end_row()
}
