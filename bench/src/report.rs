//! The report: measures with their bounds, as a table for people and as JSON for programs.
//!
//! It deliberately computes nothing but whether a bound is met.

use crate::database::About;
use crate::machine::{self, Load};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Value, json};

/// What a measure must not miss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// The largest value that is good.
    AtMost(f64),
    /// The smallest value that is good.
    AtLeast(f64),
}

impl Bound {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Things per second.
    PerSecond(&'static str),
    /// Memory or space.
    MiB,
    /// One value over another.
    Times,
    /// A number of things.
    Count,
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Seconds => format!("{value:.2} s"),
            Self::Millis => format!("{value:.2} ms"),
            Self::PerSecond(what) => format!("{} {what}/s", grouped(value)),
            Self::MiB => format!("{} MiB", grouped(value)),
            Self::Times => format!("{value:.2} ×"),
            Self::Count => grouped(value),
        }
    }

    /// A bound, with the places it has.
    fn show_bound(self, bound: Bound) -> String {
        let (sign, limit) = match bound {
            Bound::AtMost(limit) => ("≤", limit),
            Bound::AtLeast(limit) => ("≥", limit),
        };
        match self {
            Self::Seconds => format!("{sign} {limit} s"),
            Self::Millis => format!("{sign} {limit} ms"),
            Self::Times => format!("{sign} {limit} ×"),
            _ => format!("{sign} {}", self.show(limit)),
        }
    }

    fn word(self) -> String {
        match self {
            Self::Seconds => "s".to_owned(),
            Self::Millis => "ms".to_owned(),
            Self::PerSecond(what) => format!("{what}/s"),
            Self::MiB => "MiB".to_owned(),
            Self::Times => "ratio".to_owned(),
            Self::Count => "count".to_owned(),
        }
    }
}

/// A whole number with its thousands apart.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One line of a report.
#[derive(Clone, Debug)]
pub struct Measure {
    name: String,
    value: f64,
    unit: Unit,
    bound: Option<Bound>,
}

/// The measures on one database.
#[derive(Clone, Debug)]
pub struct Report {
    title: String,
    about: About,
    load: [Load; 2],
    groups: Vec<(String, Vec<Measure>)>,
    notes: Vec<String>,
}

impl Report {
    /// An empty report, begun now.
    pub fn new(title: String, about: About) -> Self {
        let now = Load::now();
        Self { title, about, load: [now, now], groups: Vec::new(), notes: Vec::new() }
    }

    /// Begins a group of measures.
    pub fn group(&mut self, title: impl Into<String>) {
        self.groups.push((title.into(), Vec::new()));
    }

    /// Adds a measure to the last group.
    pub fn add(&mut self, name: impl Into<String>, value: f64, unit: Unit) {
        self.push(name.into(), value, unit, None);
    }

    /// Adds a measure with a bound to the last group.
    pub fn hold(&mut self, name: impl Into<String>, value: f64, unit: Unit, bound: Bound) {
        self.push(name.into(), value, unit, Some(bound));
    }

    fn push(&mut self, name: String, value: f64, unit: Unit, bound: Option<Bound>) {
        if self.groups.is_empty() {
            self.group("");
        }
        if let Some((_, measures)) = self.groups.last_mut() {
            measures.push(Measure { name, value, unit, bound });
        }
    }

    /// Adds what a reader must know to read the numbers.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Notes the load at the end.
    pub fn end(&mut self) {
        let [begin, _] = self.load;
        self.load = [begin, Load::now()];
    }

    /// Whether every bound is met.
    pub fn is_met(&self) -> bool {
        let measures = self.groups.iter().flat_map(|(_, measures)| measures);
        measures.filter_map(Measure::is_met).all(|met| met)
    }

    /// The report for people.
    pub fn show(&self) -> String {
        let [begin, end] = self.load;
        let settings: Vec<String> =
            self.about.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let mut text = format!("{}\n", self.title);
        text.push_str(&format!(
            "{} cores, load {begin} at the start and {end} at the end; {}\n\n",
            machine::cores(),
            settings.join(", ")
        ));
        text.push_str(&lines_of(&self.table()));
        for note in &self.notes {
            text.push_str(&format!("\n{note}"));
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        text
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        let sides =
            [CellAlignment::Left, CellAlignment::Right, CellAlignment::Right, CellAlignment::Left];
        let row = |texts: [String; 4]| -> Vec<Cell> {
            let cells = texts.into_iter().zip(sides);
            cells.map(|(text, side)| Cell::new(text).set_alignment(side)).collect()
        };
        table.set_header(row(["Measure", "Value", "Bound", ""].map(str::to_owned)));
        for (title, measures) in &self.groups {
            table.add_row(row([title.clone(), String::new(), String::new(), String::new()]));
            for measure in measures {
                let bound = measure.bound.map(|bound| measure.unit.show_bound(bound));
                let verdict = measure.is_met().map(|met| if met { "met" } else { "not met" });
                table.add_row(row([
                    format!("  {}", measure.name),
                    measure.unit.show(measure.value),
                    bound.unwrap_or_default(),
                    verdict.unwrap_or_default().to_owned(),
                ]));
            }
        }
        table
    }

    /// The report for programs.
    pub fn json(&self) -> Value {
        let [begin, end] = self.load;
        let settings: serde_json::Map<String, Value> =
            self.about.settings.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let measures: Vec<Value> = self
            .groups
            .iter()
            .flat_map(|(group, measures)| measures.iter().map(move |measure| measure.json(group)))
            .collect();
        json!({
            "title": self.title,
            "version": self.about.version,
            "settings": settings,
            "cores": machine::cores(),
            "load_at_start": begin.value(),
            "load_at_end": end.value(),
            "measures": measures,
            "notes": self.notes,
        })
    }
}

impl Measure {
    fn is_met(&self) -> Option<bool> {
        self.bound.map(|bound| bound.is_met(self.value))
    }

    fn json(&self, group: &str) -> Value {
        let (at_most, at_least) = match self.bound {
            Some(Bound::AtMost(limit)) => (Some(limit), None),
            Some(Bound::AtLeast(limit)) => (None, Some(limit)),
            None => (None, None),
        };
        json!({
            "group": group,
            "measure": self.name,
            "value": self.value,
            "unit": self.unit.word(),
            "at_most": at_most,
            "at_least": at_least,
            "met": self.is_met(),
        })
    }
}

/// A table without blanks at the ends of its lines.
fn lines_of(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        // The library pads every cell by a blank on both sides.
        text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{About, Bound, Report, Unit, grouped};

    #[test]
    fn thousands_stand_apart() {
        for (value, expected) in [(7.0, "7"), (999.4, "999"), (1000.0, "1,000"), (3e6, "3,000,000")]
        {
            assert_eq!(grouped(value), expected);
        }
    }

    #[test]
    fn a_bound_is_met_or_not() {
        let mut report = Report::new("SQLite".to_owned(), About::default());
        report.group("Run");
        report.add("time", 4.0, Unit::Seconds);
        report.hold("floor", 2.5, Unit::Times, Bound::AtMost(2.5));
        assert!(report.is_met());
        report.hold("import", 149_999.0, Unit::PerSecond("rows"), Bound::AtLeast(150_000.0));
        assert!(!report.is_met());
        let text = report.show();
        assert!(text.contains("149,999 rows/s  ≥ 150,000 rows/s  not met"), "{text}");
        assert!(text.contains("2.50 ×           ≤ 2.5 ×  met"), "{text}");
        assert_eq!(report.json()["measures"][1]["met"], true);
    }
}
