//! The daily rounds: what every rider reported, day by day, on time or too late for the bill.
//!
//! It deliberately holds no delivery: each is written as it is made. A missed delivery keeps the
//! quantity that was planned, a skipped one has zero; real exports have both.

use super::assortment::Item;
use super::csv_file::CsvFile;
use super::customers::{Code, Household};
use super::dice::Dice;
use super::error::GeneratorError;
use super::standing::Standing;
use super::window::Window;
use domain::calendar::Day;
use domain::deliveries::{Shift, Status};
use domain::money::Quantity;

/// Deliveries between two reports of progress.
const REPORT_EVERY: u64 = 20_000;

// Shares in ten thousand.
const PAUSE_BEGINS: u32 = 35;
const MISSED: u32 = 100;
const SKIPPED: u32 = 60;
const CHANGED: u32 = 80;
const EXTRA: u32 = 20;
const LATE: u32 = 50;
const REFERENCE: u32 = 180;

/// The writer of both files of deliveries.
pub struct Rounds<'a> {
    on_time: CsvFile,
    late: CsvFile,
    dice: Dice,
    progress: &'a mut dyn FnMut(u64),
    written: u64,
    today: Today,
}

/// What all deliveries of a day have in common.
struct Today {
    place: i32,
    weekday: i32,
    date: String,
    may_be_late: bool,
    /// Deliveries of the day so far; numbers the references.
    serial: u32,
}

/// One row.
struct Row {
    shift: Shift,
    customer: Code,
    item: &'static Item,
    milli: u32,
    status: Status,
    with_reference: bool,
}

impl<'a> Rounds<'a> {
    /// A writer to two files that have their header rows.
    pub fn new(
        on_time: CsvFile,
        late: CsvFile,
        dice: Dice,
        progress: &'a mut dyn FnMut(u64),
    ) -> Self {
        Self { on_time, late, dice, progress, written: 0, today: Today::of(0, Day::MIN, 0, false) }
    }

    /// Writes all days, by round, route and customer; gives the rows on time and the late ones.
    /// The customers come ordered by route.
    pub fn write(
        mut self,
        window: &Window,
        households: &mut [Household],
    ) -> Result<(u64, u64), GeneratorError> {
        for (place, day) in window.days() {
            let may_be_late = day.month() < window.last_month();
            self.today = Today::of(place, day, window.weekday(place), may_be_late);
            for household in &mut *households {
                self.maybe_begin_pause(household);
            }
            for shift in [Shift::Morning, Shift::Evening] {
                for household in &*households {
                    self.visit(household, shift)?;
                }
            }
        }
        (self.progress)(self.written);
        Ok((self.on_time.finish()?, self.late.finish()?))
    }

    /// Homes go on journeys; trade does not.
    fn maybe_begin_pause(&mut self, household: &mut Household) {
        let place = self.today.place;
        if household.trade || place < household.paused_until || !self.dice.chance(PAUSE_BEGINS) {
            return;
        }
        let length = i32::try_from(self.dice.between(2, 14)).unwrap_or(2);
        household.paused_until = place + length;
        household.pause_is_listed = self.dice.chance(5000);
    }

    fn visit(&mut self, household: &Household, shift: Shift) -> Result<(), GeneratorError> {
        let place = self.today.place;
        if !household.is_customer(place) {
            return Ok(());
        }
        let paused = place < household.paused_until;
        if paused && !household.pause_is_listed {
            return Ok(());
        }
        let since_start = place - household.joined;
        for standing in household.standing.iter().flatten() {
            if standing.shift == shift && standing.is_due(since_start, self.today.weekday) {
                self.deliver(household, *standing, paused)?;
            }
        }
        Ok(())
    }

    fn deliver(
        &mut self,
        household: &Household,
        standing: Standing,
        paused: bool,
    ) -> Result<(), GeneratorError> {
        let item = standing.sku.item();
        let (status, milli) =
            if paused { (Status::Skipped, 0) } else { self.outcome(standing, item) };
        let row = Row {
            shift: standing.shift,
            customer: Code(household.index),
            item,
            milli,
            status,
            with_reference: self.dice.chance(REFERENCE),
        };
        self.put(&row)?;
        if status == Status::Delivered && self.dice.chance(EXTRA) {
            // Guests: the same again, told apart by its reference.
            self.put(&Row { milli: item.step_milli, with_reference: true, ..row })?;
        }
        Ok(())
    }

    fn outcome(&mut self, standing: Standing, item: &Item) -> (Status, u32) {
        let planned = standing.milli;
        match self.dice.below(10_000) {
            0..MISSED => (Status::Missed, planned),
            case if case < MISSED + SKIPPED => (Status::Skipped, 0),
            case if case < MISSED + SKIPPED + CHANGED => {
                let step = item.step_milli;
                let less = case % 2 == 0 && planned > step;
                let changed = if less { planned - step } else { planned + step };
                (Status::Delivered, changed)
            }
            _ => (Status::Delivered, planned),
        }
    }

    fn put(&mut self, row: &Row) -> Result<(), GeneratorError> {
        self.today.serial += 1;
        let may_be_late = self.today.may_be_late && row.status == Status::Delivered;
        let csv =
            if may_be_late && self.dice.chance(LATE) { &mut self.late } else { &mut self.on_time };
        let Today { date, serial, .. } = &self.today;
        if row.with_reference {
            csv.plain(format_args!("D-{date}-{serial:06}"));
        } else {
            csv.blank();
        }
        csv.text(date).text(row.shift.as_str()).plain(row.customer);
        csv.text(row.item.code);
        csv.plain(Quantity::from_milli(i64::from(row.milli)));
        csv.text(row.status.as_str()).end_row()?;
        self.written += 1;
        if self.written.is_multiple_of(REPORT_EVERY) {
            (self.progress)(self.written);
        }
        Ok(())
    }
}

impl Today {
    fn of(place: i32, day: Day, weekday: i32, may_be_late: bool) -> Self {
        Self { place, weekday, date: day.to_string(), may_be_late, serial: 0 }
    }
}
