//! Standing orders: what a customer takes, how much, on which days and rounds.
//!
//! It deliberately knows no pauses or changes; those happen on the day.

use super::assortment::Sku::{
    self, Bread, BuffaloMilk, BulkCurd, BulkMilk, Butter, Buttermilk, CowMilk, Curd, Paneer,
    RoseMilk, TonedMilk,
};
use super::dice::Dice;
use domain::deliveries::Shift::{self, Evening, Morning};

/// On which days a standing order is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every day.
    Daily,
    /// Every second day from the day the customer joined.
    Alternate,
    /// On the weekdays whose bits are set; bit 0 is Monday.
    Weekly(u8),
}

/// One standing order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The product.
    pub sku: Sku,
    /// The round.
    pub shift: Shift,
    /// The days.
    pub schedule: Schedule,
    /// How much each time, in thousandths of the unit.
    pub milli: u32,
}

impl Standing {
    /// Whether it is due `since_start` days after the customer joined, on a weekday (0 is Monday).
    pub fn is_due(self, since_start: i32, weekday: i32) -> bool {
        match self.schedule {
            Schedule::Daily => true,
            Schedule::Alternate => since_start.rem_euclid(2) == 0,
            Schedule::Weekly(days) => days >> weekday & 1 == 1,
        }
    }
}

/// One to three standing orders, no two of one product on one round.
pub type StandingOrders = [Option<Standing>; 3];

const FIRST_SCHEDULES: [(u32, Schedule); 4] = [
    (74, Schedule::Daily),
    (16, Schedule::Alternate),
    (6, Schedule::Weekly(0b001_0101)),
    (4, Schedule::Weekly(0b001_1111)),
];
const FURTHER_SCHEDULES: [(u32, Schedule); 6] = [
    (28, Schedule::Daily),
    (28, Schedule::Alternate),
    (14, Schedule::Weekly(0b100_0000)),
    (12, Schedule::Weekly(0b110_0000)),
    (10, Schedule::Weekly(0b100_0100)),
    (8, Schedule::Weekly(0b010_1010)),
];
const MILKS: [(u32, Sku); 3] = [(45, CowMilk), (30, BuffaloMilk), (25, TonedMilk)];
const MILK_MILLI: [(u32, u32); 5] = [(36, 500), (40, 1000), (12, 1500), (9, 2000), (3, 3000)];
/// Besides milk; `None` stands for the same milk on the other round.
const FURTHER: [(u32, Option<Sku>); 7] = [
    (26, None),
    (24, Some(Curd)),
    (20, Some(Buttermilk)),
    (15, Some(Bread)),
    (6, Some(Paneer)),
    (5, Some(RoseMilk)),
    (4, Some(Butter)),
];
/// What trade customers take besides milk in cans.
const TRADE_FURTHER: [(u32, Sku); 5] =
    [(40, BulkCurd), (20, Buttermilk), (15, Bread), (15, Paneer), (10, BuffaloMilk)];

/// The standing orders of a home.
pub fn of_home(dice: &mut Dice) -> StandingOrders {
    let shift = if dice.chance(700) { Evening } else { Morning };
    let first = Standing {
        sku: dice.weighted(&MILKS),
        shift,
        schedule: dice.weighted(&FIRST_SCHEDULES),
        milli: dice.weighted(&MILK_MILLI),
    };
    let mut orders = [Some(first), None, None];
    if dice.chance(3300) {
        orders[1] = Some(further(first, dice));
        if dice.chance(3000) {
            orders[2] = Some(further(first, dice));
        }
    }
    without_repeats(orders)
}

/// The standing orders of a shop, hotel or canteen.
pub fn of_trade(dice: &mut Dice) -> StandingOrders {
    let first = Standing {
        sku: BulkMilk,
        shift: Morning,
        schedule: Schedule::Daily,
        milli: dice.between(1, 8) * 5000,
    };
    let mut orders = [Some(first), None, None];
    if dice.chance(6500) {
        let sku = dice.weighted(&TRADE_FURTHER);
        orders[1] = Some(Standing {
            sku,
            shift: Morning,
            schedule: dice.weighted(&FURTHER_SCHEDULES),
            milli: sku.item().step_milli * dice.between(2, 6),
        });
    }
    if dice.chance(3000) {
        orders[2] = Some(Standing { shift: Evening, milli: dice.between(1, 4) * 5000, ..first });
    }
    orders
}

fn further(first: Standing, dice: &mut Dice) -> Standing {
    let schedule = dice.weighted(&FURTHER_SCHEDULES);
    let Some(sku) = dice.weighted(&FURTHER) else {
        let shift = match first.shift {
            Morning => Evening,
            Evening => Morning,
        };
        return Standing { shift, schedule, milli: dice.weighted(&MILK_MILLI), ..first };
    };
    let milli = sku.item().step_milli * dice.weighted(&[(70, 1), (25, 2), (5, 3)]);
    Standing { sku, shift: first.shift, schedule, milli }
}

/// Two standing orders of one product on one round would be one delivery with two quantities.
fn without_repeats(mut orders: StandingOrders) -> StandingOrders {
    let key = |order: Option<Standing>| order.map(|order| (order.sku, order.shift));
    if key(orders[2]) == key(orders[1]) {
        orders[2] = None;
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::{Schedule, Standing};
    use crate::generator::assortment::Sku;
    use domain::deliveries::Shift;

    #[test]
    fn due_days_follow_the_start_or_the_week() {
        let order =
            |schedule| Standing { sku: Sku::CowMilk, shift: Shift::Morning, schedule, milli: 500 };
        assert!(order(Schedule::Daily).is_due(3, 6));
        assert!(order(Schedule::Alternate).is_due(30, 1));
        assert!(!order(Schedule::Alternate).is_due(31, 1));
        assert!(order(Schedule::Weekly(0b100_0000)).is_due(1, 6));
        assert!(!order(Schedule::Weekly(0b100_0000)).is_due(1, 5));
    }
}
