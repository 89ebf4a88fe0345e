//! A demo dairy of any size: customers, products, prices, deliveries and orders as the CSV files
//! that the import reads, so that every part of the product can be shown and measured on data that
//! looks like a real one.
//!
//! The same plan always gives the same bytes: all chance comes from `Plan::seed`. Deliveries are
//! written as they are made and never held, so memory grows with the customers only. It
//! deliberately knows no database, reads no clock, and gives nobody a real identity.

mod assortment;
mod csv_file;
mod customers;
mod deliveries;
mod dice;
mod error;
mod orders;
mod people;
mod places;
mod prices;
mod standing;
mod window;

pub use error::GeneratorError;

use csv_file::CsvFile;
use dice::Dice;
use domain::calendar::Month;
use std::path::Path;
use window::Window;

/// The most customers of one plan. Each takes about sixty bytes of memory while files are written.
pub const MAX_CUSTOMERS: u32 = 5_000_000;

/// The most months of one plan.
pub const MAX_MONTHS: u32 = 60;

/// The columns of both files of deliveries.
const DELIVERY_COLUMNS: [&str; 7] =
    ["reference", "date", "shift", "customer_code", "sku", "quantity", "status"];

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Number of customers, 1 to `MAX_CUSTOMERS`.
    pub customers: u32,
    /// Number of whole months, 1 to `MAX_MONTHS`.
    pub months: u32,
    /// The last of these months.
    pub last_month: Month,
    /// Plans that differ in the seed alone give other people and other deliveries.
    pub seed: u64,
}

impl Plan {
    /// About how many deliveries the plan gives, for a progress bar; the true number is a few per
    /// cent away.
    pub fn expected_deliveries(&self) -> u64 {
        u64::from(self.customers) * u64::from(self.months) * 31
    }
}

/// How many rows were written, header rows not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Rows of `customers.csv`.
    pub customers: u64,
    /// Rows of `products.csv`.
    pub products: u64,
    /// Rows of `prices.csv`.
    pub prices: u64,
    /// Rows of `deliveries.csv`.
    pub deliveries: u64,
    /// Rows of `orders.csv`.
    pub orders: u64,
    /// Rows of `late/deliveries.csv`.
    pub late: u64,
    /// The first month with deliveries.
    pub first_month: Month,
    /// The last month with deliveries.
    pub last_month: Month,
}

/// Writes the files of a plan into the folder `out`, which is created when it is not there.
///
/// Files of the same names are overwritten; other files are left alone. `late/deliveries.csv`
/// holds deliveries of all months but the last that reached the office after those months were
/// billed; they are not in `deliveries.csv`. `progress` is told now and then, and at the end, how
/// many deliveries have been written to both files together.
pub fn generate(
    plan: &Plan,
    out: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, GeneratorError> {
    let window = Window::of(plan)?;
    let late_folder = out.join("late");
    csv_file::create_folder(out)?;
    claim(out)?;
    csv_file::create_folder(&late_folder)?;

    // Each file has dice of its own, so that a change in one leaves the others as they were.
    let dice = |stream| Dice::new(plan.seed, stream);
    let products = assortment::write(create(out, "products.csv", &assortment::COLUMNS)?)?;
    let file = create(out, "customers.csv", &customers::COLUMNS)?;
    let (mut households, customers) = customers::write(file, plan, &window, &mut dice(1))?;
    let file = create(out, "prices.csv", &prices::COLUMNS)?;
    let prices = prices::write(file, &window, &households, &mut dice(2))?;
    let file = create(out, "orders.csv", &orders::COLUMNS)?;
    let orders = orders::write(file, &window, &households, &mut dice(3))?;

    households.sort_unstable_by_key(|household| (household.route, household.index));
    let on_time = create(out, "deliveries.csv", &DELIVERY_COLUMNS)?;
    let late = create(&late_folder, "deliveries.csv", &DELIVERY_COLUMNS)?;
    let rounds = deliveries::Rounds::new(on_time, late, dice(4), progress);
    let (deliveries, late) = rounds.write(&window, &mut households)?;
    Ok(Summary {
        customers,
        products,
        prices,
        deliveries,
        orders,
        late,
        first_month: window.first_month(),
        last_month: window.last_month(),
    })
}

/// The file that marks a folder as made up, so that it may be made again.
const MARK: &str = "made-up-data.txt";
const MARK_TEXT: &str = "Made-up data, written by dairyos generate. It may be written again.\n";

/// Marks the folder, unless it holds files of the same names that are somebody's own.
fn claim(out: &Path) -> Result<(), GeneratorError> {
    let mark = out.join(MARK);
    if !mark.exists() {
        let names = ["customers", "products", "prices", "deliveries", "orders"];
        let mut paths = names.iter().map(|name| out.join(format!("{name}.csv")));
        if let Some(path) = paths.find(|path| path.exists()) {
            return Err(GeneratorError::Occupied { path });
        }
    }
    std::fs::write(&mark, MARK_TEXT).map_err(|source| GeneratorError::Io {
        doing: "write",
        path: mark,
        source,
    })
}

fn create(folder: &Path, name: &str, columns: &[&str]) -> Result<CsvFile, GeneratorError> {
    CsvFile::create(folder.join(name), columns)
}
