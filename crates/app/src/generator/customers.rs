//! Customers: who they are, in `customers.csv`, and what the later files must know of each.
//!
//! It deliberately keeps only a few dozen bytes for each customer; names and addresses are written
//! and forgotten.

use super::Plan;
use super::csv_file::CsvFile;
use super::dice::Dice;
use super::error::GeneratorError;
use super::people::{self, Person, Script};
use super::places;
use super::standing::{self, StandingOrders};
use super::window::Window;
use domain::customers::{Gstin, GstinError};
use domain::money::Money;
use std::fmt;

/// The columns of `customers.csv`.
pub const COLUMNS: [&str; 11] = [
    "code",
    "name",
    "phone",
    "email",
    "language",
    "address",
    "pincode",
    "state",
    "gstin",
    "route",
    "opening_balance",
];

/// Customers of one route: about one rider's morning.
const CUSTOMERS_PER_ROUTE: u32 = 50;

/// A customer's code, by place in the file: `C00001` is the first.
#[derive(Clone, Copy)]
pub struct Code(pub u32);

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "C{:05}", self.0 + 1)
    }
}

/// What the later files must know of a customer. Days are places in the window.
#[derive(Clone, Copy, Debug)]
pub struct Household {
    /// Place in `customers.csv`, from 0.
    pub index: u32,
    /// Number of the route, from 1.
    pub route: u32,
    /// Whether it is a shop, hotel or canteen with prices of its own.
    pub trade: bool,
    /// The first day; negative when the customer was there before the window.
    pub joined: i32,
    /// The first day without deliveries.
    pub left: i32,
    /// The first day after the present pause.
    pub paused_until: i32,
    /// Whether the rider writes down the days of the present pause.
    pub pause_is_listed: bool,
    /// What is delivered.
    pub standing: StandingOrders,
}

impl Household {
    /// Whether the customer is one on that day.
    pub fn is_customer(&self, place: i32) -> bool {
        self.joined <= place && place < self.left
    }
}

/// Writes `customers.csv`; gives the customers in its order and its number of rows.
pub fn write(
    mut csv: CsvFile,
    plan: &Plan,
    window: &Window,
    dice: &mut Dice,
) -> Result<(Vec<Household>, u64), GeneratorError> {
    let mut writer = Writer::new(plan, window, dice);
    let capacity = usize::try_from(plan.customers).unwrap_or(0);
    let mut households = Vec::with_capacity(capacity);
    for index in 0..plan.customers {
        households.push(writer.customer(index, &mut csv)?);
    }
    Ok((households, csv.finish()?))
}

/// What stays the same from customer to customer, and the last phone, for those who share it.
struct Writer<'a> {
    dice: &'a mut Dice,
    days: u32,
    routes: u32,
    trade_shift: u32,
    border_shift: u32,
    last_phone: String,
}

impl<'a> Writer<'a> {
    fn new(plan: &Plan, window: &Window, dice: &'a mut Dice) -> Self {
        Self {
            trade_shift: dice.below(100),
            border_shift: dice.below(100),
            dice,
            days: window.len(),
            routes: plan.customers.div_ceil(CUSTOMERS_PER_ROUTE),
            last_phone: String::new(),
        }
    }

    fn customer(&mut self, index: u32, csv: &mut CsvFile) -> Result<Household, GeneratorError> {
        // Shares of a hundred are dealt out evenly, so that a small dairy has its few, too.
        let trade = dealt(index, 37, self.trade_shift) < 3;
        let across = dealt(index, 61, self.border_shift) < 2;
        let route = self.route(across);
        let script = self.script(trade, across);
        let area =
            if across { places::across_the_border(self.dice) } else { places::of_route(route) };
        let person = people::person(script, self.dice);
        csv.plain(Code(index));
        if trade {
            csv.text(&people::shop(self.dice));
        } else {
            csv.text(&person.written);
        }
        let phone = self.phone();
        csv.text(&phone);
        csv.text(&self.email(index, &person));
        csv.text(self.language(script, across));
        let address = if trade { area.shop(self.dice) } else { area.home(script, self.dice) };
        csv.text(&address).text(&area.pincode(self.dice));
        let stated = if across { "27" } else { self.home_state() };
        csv.text(stated);
        csv.text(&self.gstin(trade, across));
        csv.plain(format_args!("R{route:02}"));
        csv.text(&self.opening_balance(trade));
        csv.end_row()?;
        Ok(self.household(index, route, trade))
    }

    fn household(&mut self, index: u32, route: u32, trade: bool) -> Household {
        let days = i32::try_from(self.days).unwrap_or(i32::MAX);
        // The first customer was always there, so that the smallest dairy has deliveries.
        let old = index == 0 || self.dice.chance(9000);
        let joined =
            if old { -1 - place(self.dice.below(1500)) } else { place(self.dice.below(self.days)) };
        let left = if index > 0 && self.dice.chance(400) {
            let from = joined.max(0) + 1;
            from + place(self.dice.below(u32::try_from(days - from).unwrap_or(0) + 1))
        } else {
            i32::MAX
        };
        let standing =
            if trade { standing::of_trade(self.dice) } else { standing::of_home(self.dice) };
        Household {
            index,
            route,
            trade,
            joined,
            left,
            paused_until: i32::MIN,
            pause_is_listed: false,
            standing,
        }
    }

    /// Customers across the border are on the last routes.
    fn route(&mut self, across: bool) -> u32 {
        if across {
            self.routes - self.dice.below((self.routes / 50).max(1))
        } else {
            1 + self.dice.below(self.routes)
        }
    }

    fn script(&mut self, trade: bool, across: bool) -> Script {
        use Script::{Devanagari, Gujarati, Latin};
        match (trade, across) {
            (true, _) => Latin,
            (false, true) => self.dice.weighted(&[(60, Latin), (40, Devanagari)]),
            (false, false) => {
                let scripts = [(72, Latin), (18, Gujarati), (10, Devanagari)];
                self.dice.weighted(&scripts)
            }
        }
    }

    fn phone(&mut self) -> String {
        let kind = self.dice.below(100);
        match kind {
            0..=4 => return String::new(),
            // Families and neighbours share a phone.
            5..=8 if !self.last_phone.is_empty() => return self.last_phone.clone(),
            9..=11 => return format!("0260-2{:06}", self.dice.below(1_000_000)),
            _ => {}
        }
        let starts = ["98", "99", "97", "94", "90", "88", "81", "79", "70", "63"];
        let start = self.dice.pick(&starts);
        let (middle, end) = (self.dice.below(1000), self.dice.below(100_000));
        let phone = match kind {
            12..=15 => format!("+91 {start}{middle:03} {end:05}"),
            16..=18 => format!("0{start}{middle:03}{end:05}"),
            19..=20 => format!("+91-{start}{middle:03}-{end:05}"),
            _ => format!("{start}{middle:03}{end:05}"),
        };
        self.last_phone.clone_from(&phone);
        phone
    }

    fn email(&mut self, index: u32, person: &Person) -> String {
        if !self.dice.chance(3500) {
            return String::new();
        }
        let letters = |name: &str| name.to_lowercase().replace('\'', "");
        let host = self.dice.pick(&["example.com", "example.in"]);
        let number = index + 1;
        format!("{}.{}{number}@{host}", letters(person.first), letters(person.last))
    }

    fn language(&mut self, script: Script, across: bool) -> &'static str {
        match script {
            Script::Gujarati => "gu",
            Script::Devanagari if across => "mr",
            Script::Devanagari => "hi",
            Script::Latin => self.dice.weighted(&[(50, "gu"), (18, "hi"), (18, "en"), (14, "")]),
        }
    }

    fn home_state(&mut self) -> &'static str {
        if self.dice.chance(1000) { "24" } else { "" }
    }

    /// Two of three trade customers are registered.
    fn gstin(&mut self, trade: bool, across: bool) -> String {
        if !trade || !self.dice.chance(6700) {
            return String::new();
        }
        let state = if across { "27" } else { "24" };
        let mut letter = || char::from(b"ABCDEFGHJKLMNPRSTUVY"[place_in(self.dice.below(20))]);
        let (first, second, third) = (letter(), letter(), letter());
        let (initial, last) = (letter(), letter());
        let holder = self.dice.pick(&["P", "F", "C", "H"]);
        let number = self.dice.below(10_000);
        let body = format!("{state}{first}{second}{third}{holder}{initial}{number:04}{last}1Z");
        with_check_digit(&body)
    }

    /// One customer in five owed something, or had paid ahead, when the books were opened.
    fn opening_balance(&mut self, trade: bool) -> String {
        if !self.dice.chance(2000) {
            return String::new();
        }
        let scale = if trade { 10 } else { 1 };
        let paise = i64::from(5_000 + self.dice.below(250_000)) * scale;
        let signed = if self.dice.chance(2500) { -paise } else { paise };
        Money::from_paise(signed).to_string()
    }
}

/// Numbers from 0 to 99, each once in any hundred neighbouring customers; `factor` has no divisor
/// in common with 100.
const fn dealt(index: u32, factor: u32, shift: u32) -> u32 {
    (index % 100 * factor + shift) % 100
}

/// Completes a GSTIN of 14 characters.
fn with_check_digit(body: &str) -> String {
    match Gstin::parse(&format!("{body}0")) {
        Err(GstinError::CheckDigit { expected, .. }) => format!("{body}{expected}"),
        _ => format!("{body}0"),
    }
}

fn place(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn place_in(number: u32) -> usize {
    usize::try_from(number).unwrap_or(0)
}
