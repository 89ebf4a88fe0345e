//! What the demo dairy sells: the products of a dairy in the south of Gujarat, with the tax rates
//! in force since 22 September 2025.
//!
//! It deliberately has prices with odd paise, so that rounding shows on bills.

use super::csv_file::CsvFile;
use super::error::GeneratorError;
use domain::catalog::Unit;
use domain::money::UnitPrice;

/// The columns of `products.csv`.
pub const COLUMNS: [&str; 7] = ["sku", "name", "unit", "hsn", "tax_rate", "price", "tax_inclusive"];

/// A product, by its place in the assortment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Sku {
    CowMilk,
    BuffaloMilk,
    TonedMilk,
    Curd,
    Buttermilk,
    Paneer,
    Ghee,
    Butter,
    RoseMilk,
    Cheese,
    Bread,
    Penda,
    BulkMilk,
    BulkCurd,
}

impl Sku {
    /// What is known of the product.
    pub const fn item(self) -> &'static Item {
        &ITEMS[self as usize]
    }
}

/// One row of the assortment.
pub struct Item {
    /// The code in files.
    pub code: &'static str,
    /// The name on bills.
    pub name: &'static str,
    /// The unit of price and quantity.
    pub unit: Unit,
    /// The smallest usual change of a quantity, in thousandths of the unit.
    pub step_milli: u32,
    hsn: &'static str,
    tax_percent: &'static str,
    price_milli: i64,
    tax_inclusive: bool,
}

impl Item {
    /// The general price of the first day, in milli-rupees.
    pub const fn price_milli(&self) -> i64 {
        self.price_milli
    }
}

/// Everything the dairy sells, in the order of `Sku`.
pub const ITEMS: [Item; 14] = [
    household("COW-MILK", "Cow milk", Unit::Litre, 500).taxed("0401", "0", 64_000),
    household("BUF-MILK", "Buffalo milk", Unit::Litre, 500).taxed("0401", "0", 76_500),
    household("TONED-MILK", "Toned milk, loose", Unit::Litre, 500).taxed("0401", "0", 55_990),
    household("CURD", "Curd, packed", Unit::Kilogram, 500).taxed("0403", "5", 84_750),
    household("CHAAS-500", "Buttermilk 500 ml pouch", Unit::Piece, 1000).taxed("0403", "5", 15_500),
    household("PANEER", "Paneer, loose", Unit::Kilogram, 250).taxed("0406", "0", 389_900),
    household("GHEE-COW", "Cow ghee", Unit::Kilogram, 500).taxed("04059020", "5", 685_365),
    household("BUTTER-500", "Table butter 500 g", Unit::Piece, 1000).taxed("0405", "5", 284_990),
    household("ROSE-200", "Rose milk 200 ml", Unit::Piece, 1000).taxed("2202", "5", 27_250),
    household("CHEESE-200", "Cheese block 200 g", Unit::Piece, 1000).taxed("0406", "5", 146_330),
    household("BREAD-400", "Bread 400 g", Unit::Piece, 1000).taxed("1905", "0", 45_000),
    household("PENDA", "Kesar penda", Unit::Kilogram, 250).taxed("2106", "5", 520_000),
    trade("BULK-MILK", "Milk in cans, for trade", Unit::Litre, 5000).taxed("0401", "0", 58_255),
    trade("BULK-CURD", "Curd in 5 kg buckets, for trade", Unit::Kilogram, 5000)
        .taxed("0403", "5", 71_125),
];

const fn household(code: &'static str, name: &'static str, unit: Unit, step_milli: u32) -> Item {
    Item {
        code,
        name,
        unit,
        step_milli,
        hsn: "",
        tax_percent: "0",
        price_milli: 0,
        tax_inclusive: true,
    }
}

/// Trade prices are stated without the tax.
const fn trade(code: &'static str, name: &'static str, unit: Unit, step_milli: u32) -> Item {
    let mut item = household(code, name, unit, step_milli);
    item.tax_inclusive = false;
    item
}

impl Item {
    const fn taxed(
        mut self,
        hsn: &'static str,
        tax_percent: &'static str,
        price_milli: i64,
    ) -> Self {
        self.hsn = hsn;
        self.tax_percent = tax_percent;
        self.price_milli = price_milli;
        self
    }
}

/// Writes `products.csv` and gives its number of rows.
pub fn write(mut csv: CsvFile) -> Result<u64, GeneratorError> {
    for item in &ITEMS {
        csv.text(item.code).text(item.name).text(item.unit.as_str());
        csv.text(item.hsn).text(item.tax_percent);
        csv.plain(UnitPrice::from_milli(item.price_milli));
        csv.plain(item.tax_inclusive).end_row()?;
    }
    csv.finish()
}

#[cfg(test)]
mod tests {
    use super::{ITEMS, Sku};

    #[test]
    fn items_stand_in_the_order_of_skus() {
        assert_eq!(Sku::CowMilk.item().code, "COW-MILK");
        assert_eq!(Sku::Ghee.item().code, "GHEE-COW");
        assert_eq!(Sku::Penda.item().code, "PENDA");
        assert_eq!(Sku::BulkMilk.item().code, "BULK-MILK");
        assert_eq!(Sku::BulkCurd as usize + 1, ITEMS.len());
        assert_eq!(Sku::BulkCurd.item().code, "BULK-CURD");
    }
}
