//! The floor: how long the bare database needs to write what the run has written.
//!
//! It deliberately reads nothing while it is timed and decides nothing; the rows are ready in
//! memory.

use super::course::{BEFORE, BILLED, Course, Run, SCRATCH};
use crate::database::{Guards, Way};
use crate::failure::Failure;
use crate::report::{Bound, Report, Unit};
use crate::written::Written;

/// How many times longer than the floor a run may take.
const FLOOR: Bound = Bound::AtMost(2.5);
/// Customers in the sample of a database where row by row is slow.
const SAMPLE: u32 = 5_000;
/// The sample is taken from as many places, spread evenly, so that it is like the whole while
/// neighbours stay neighbours.
const PLACES: u32 = 5;

/// One way of writing.
struct Floor {
    name: &'static str,
    way: Way,
    guards: Guards,
    /// The one that is meant by "the floor".
    is_bound: bool,
}

const ROW_BY_ROW: [Floor; 2] = [
    Floor {
        name: "row by row, bare tables",
        way: Way::RowByRow,
        guards: Guards::None,
        is_bound: true,
    },
    Floor {
        name: "row by row, with guards",
        way: Way::RowByRow,
        guards: Guards::All,
        is_bound: false,
    },
];
const SETS: [Floor; 2] = [
    Floor { name: "in sets, bare tables", way: Way::Sets, guards: Guards::None, is_bound: false },
    Floor { name: "in sets, with guards", way: Way::Sets, guards: Guards::All, is_bound: false },
];

/// Measures every way of writing and compares the run with it.
pub fn measure(course: &Course<'_>, run: &Run, report: &mut Report) -> Result<(), Failure> {
    course.say("reading what the run has written");
    let everything = [[1, i32::MAX]];
    let all = course.database.written(BEFORE, BILLED, &everything)?;
    let has_sets = course.database.name() == "PostgreSQL";
    report.group("Floor: the same rows, written by the bare database");
    report.add("rows", count(all.len()), Unit::Count);
    report.add("of them deliveries linked", count(all.len_of("deliveries")), Unit::Count);
    let is_sampled =
        has_sets && !course.options.full_floor && course.options.setting.customers > SAMPLE;
    if is_sampled {
        let sample = course.database.written(
            BEFORE,
            BILLED,
            &sample_of(course.options.setting.customers),
        )?;
        let scale = count(all.len_by_customer()) / count(sample.len_by_customer());
        report.note(format!(
            "Row by row was measured on a sample of {} rows of {SAMPLE} customers from {PLACES} \
             places and multiplied by {scale:.2}; --full-floor writes all.",
            sample.len()
        ));
        compare(course, run, &ROW_BY_ROW, &sample, scale, report)?;
    } else {
        compare(course, run, &ROW_BY_ROW, &all, 1.0, report)?;
    }
    if has_sets {
        compare(course, run, &SETS, &all, 1.0, report)?;
    }
    Ok(())
}

fn compare(
    course: &Course<'_>,
    run: &Run,
    floors: &[Floor],
    written: &Written,
    scale: f64,
    report: &mut Report,
) -> Result<(), Failure> {
    for floor in floors {
        course.say(&format!("floor, {}", floor.name));
        let measured = course.shortest(|| {
            course.database.copy(BEFORE, SCRATCH)?;
            course.database.strip(SCRATCH, floor.guards)?;
            course.database.write(SCRATCH, written, floor.way, floor.guards)
        })?;
        course.database.remove(SCRATCH)?;
        let seconds = measured * scale;
        report.add(floor.name, seconds, Unit::Seconds);
        let ratio = run.seconds / seconds;
        if floor.is_bound {
            report.hold("run / that floor", ratio, Unit::Times, FLOOR);
        } else {
            report.add("run / that floor", ratio, Unit::Times);
        }
    }
    Ok(())
}

/// The customers of a sample.
fn sample_of(customers: u32) -> Vec<[i32; 2]> {
    let step = customers / PLACES;
    let starts = (0..PLACES).map(|place| 1 + place * step);
    let ranges = starts.filter_map(|start| {
        let end = start + SAMPLE / PLACES - 1;
        Some([i32::try_from(start).ok()?, i32::try_from(end).ok()?])
    });
    ranges.collect()
}

#[expect(clippy::cast_precision_loss, reason = "a number for people")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::sample_of;

    #[test]
    fn a_sample_is_spread_over_all_customers() {
        let sample = sample_of(100_000);
        assert_eq!(sample[0], [1, 1_000]);
        assert_eq!(sample[4], [80_001, 81_000]);
        assert_eq!(sample.len(), 5);
    }
}
