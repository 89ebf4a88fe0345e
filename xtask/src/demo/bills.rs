//! The bills of a month as `dairyos bills list --json` prints them: their totals and five examples.
//!
//! Amounts are summed as whole paise, from text, never as floats. It does not judge whether a bill
//! is right; `dairyos verify` does.

use std::collections::HashSet;

use serde_json::Value;

use crate::failure::Failure;

/// The fields of a bill that the table adds up, with their names in the table.
const COLUMNS: [(&str, &str); 8] = [
    ("taxable", "taxable value"),
    ("cgst", "CGST"),
    ("sgst", "SGST"),
    ("igst", "IGST"),
    ("round_off", "round-off"),
    ("total", "total"),
    ("previous_balance", "previous balance"),
    ("payable", "payable"),
];

/// How many bills are shown.
const EXAMPLES: usize = 5;

/// Whether a bill shows a certain thing.
type Suits<'a> = &'a dyn Fn(&Value) -> bool;

/// The bills of one month.
pub struct Bills {
    bills: Vec<Value>,
}

/// A bill worth showing.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    pub why: String,
    pub number: String,
}

impl Bills {
    pub fn from_json(bytes: &[u8]) -> Result<Self, Failure> {
        serde_json::from_slice(bytes).map(|bills| Self { bills }).map_err(|error| {
            Failure::new(format!("`bills list --json` printed no array of bills: {error}"))
        })
    }

    /// A table of the sums over all bills.
    pub fn totals(&self) -> Result<String, Failure> {
        let mut rows = vec![("bills", self.bills.len().to_string())];
        for (field, name) in COLUMNS {
            let mut sum = 0;
            for bill in &self.bills {
                sum += amount(bill, field)?;
            }
            rows.push((name, rupees(sum)));
        }
        let width = rows.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0);
        let lines = rows.iter().map(|(name, text)| format!("{name:<18}{text:>width$}"));
        Ok(lines.collect::<Vec<String>>().join("\n"))
    }

    /// Up to five different bills, chosen for what they show.
    pub fn examples(&self) -> Result<Vec<Example>, Failure> {
        let mut totals = Vec::new();
        for bill in self.bills.iter().filter(|bill| number(bill).is_some()) {
            totals.push((amount(bill, "total")?, bill));
        }
        // Stable, so that bills of one amount stay in the order of the list.
        totals.sort_by_key(|(total, _)| std::cmp::Reverse(*total));
        let by_total: Vec<&Value> = totals.into_iter().map(|(_, bill)| bill).collect();
        let largest = by_total.first().and_then(|bill| number(bill));

        let wanted: [(&str, Suits); EXAMPLES] = [
            ("A bill with a price change in the month", &has_price_change),
            ("A bill with a one-time order", &|bill| has_kind(bill, "order")),
            ("A bill with deliveries that arrived late", &|bill| has_kind(bill, "late")),
            ("A bill to another State, with IGST", &|bill| {
                amount(bill, "igst").is_ok_and(|igst| igst > 0)
            }),
            ("The largest bill", &|bill| number(bill) == largest),
        ];
        let mut taken = HashSet::new();
        let mut examples = Vec::new();
        for (why, suits) in wanted {
            let free =
                |bill: &&Value| suits(bill) && number(bill).is_some_and(|n| !taken.contains(n));
            // In the list's own order, so that the example is an ordinary bill. The largest is
            // left for the last place unless it alone shows what is wanted.
            let ordinary = self.bills.iter().filter(free).find(|bill| number(bill) != largest);
            let chosen = ordinary.or_else(|| self.bills.iter().find(free));
            if let Some(number) = chosen.and_then(number) {
                taken.insert(number);
                examples.push(Example { why: why.to_owned(), number: number.to_owned() });
            }
        }
        for number in by_total.iter().filter_map(|bill| number(bill)) {
            if examples.len() < EXAMPLES && taken.insert(number) {
                examples.push(Example { why: "Another bill".into(), number: number.into() });
            }
        }
        Ok(examples)
    }
}

/// The number of an issued bill; a draft has none.
fn number(bill: &Value) -> Option<&str> {
    bill["number"].as_str()
}

fn lines(bill: &Value) -> impl Iterator<Item = &Value> {
    bill["lines"].as_array().into_iter().flatten()
}

fn has_kind(bill: &Value, kind: &str) -> bool {
    lines(bill).any(|line| line["kind"].as_str() == Some(kind))
}

/// Two lines of one product and kind differ in their price, for that is what makes a line.
fn has_price_change(bill: &Value) -> bool {
    let mut seen = HashSet::new();
    lines(bill).any(|line| !seen.insert((line["sku"].as_str(), line["kind"].as_str())))
}

fn amount(bill: &Value, field: &str) -> Result<i64, Failure> {
    bill[field].as_str().and_then(paise).ok_or_else(|| {
        let name = number(bill).unwrap_or("a draft");
        Failure::new(format!("bill {name}: `{field}` is {}, not an amount", bill[field]))
    })
}

/// Reads `-1234.50` as paise: exactly two decimals, nothing else.
fn paise(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, cents) = digits.split_once('.')?;
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(cents) || cents.len() != 2 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let cents: i64 = cents.parse().ok()?;
    whole.checked_mul(100)?.checked_add(cents).map(|value| sign * value)
}

/// An amount as Indians write it: the last three digits, then groups of two.
fn rupees(paise: i64) -> String {
    let sign = if paise < 0 { "-" } else { "" };
    let (whole, cents) = (paise.unsigned_abs() / 100, paise.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len() - index;
        if index > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}₹{grouped}.{cents:02}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bill(number: &str, total: &str, igst: &str, lines: &[(&str, &str)]) -> Value {
        let lines: Vec<Value> =
            lines.iter().map(|(kind, sku)| json!({ "kind": kind, "sku": sku })).collect();
        json!({
            "number": number, "lines": lines, "taxable": "10.00", "cgst": "0.25", "sgst": "0.25",
            "igst": igst, "round_off": "-0.50", "total": total, "previous_balance": "-1.00",
            "payable": "9.00",
        })
    }

    #[test]
    fn amounts_are_exact() {
        assert_eq!(paise("1234.50"), Some(123_450));
        assert_eq!(paise("-0.05"), Some(-5));
        for wrong in ["1", "1.5", "1.500", ".50", "1.", "1e3", "+1.00", "--1.00", "₹1.00", ""] {
            assert_eq!(paise(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn rupees_are_grouped_the_indian_way() {
        assert_eq!(rupees(123_456_789), "₹12,34,567.89");
        assert_eq!(rupees(-123_450), "-₹1,234.50");
        assert_eq!(rupees(10_000_000), "₹1,00,000.00");
        assert_eq!(rupees(99_999), "₹999.99");
        assert_eq!(rupees(-5), "-₹0.05");
    }

    #[test]
    fn totals_add_up_every_bill() {
        let bills = Bills {
            bills: vec![bill("A", "10.00", "0.00", &[]), bill("B", "123456.78", "0.01", &[])],
        };
        let table = bills.totals().unwrap();
        let rows: Vec<Vec<&str>> =
            table.lines().map(|row| row.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["bills", "2"]);
        assert_eq!(rows[5], ["round-off", "-₹1.00"]);
        assert_eq!(rows[6], ["total", "₹1,23,466.78"]);
        let widths: Vec<usize> = table.lines().map(|row| row.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
    }

    #[test]
    fn a_missing_amount_is_named() {
        let bills = Bills { bills: vec![json!({ "number": "A", "taxable": 3.5 })] };
        let failure = bills.totals().unwrap_err().message;
        assert_eq!(failure, "bill A: `taxable` is 3.5, not an amount");
    }

    #[test]
    fn examples_show_different_things() {
        let bills = Bills {
            bills: vec![
                bill("A", "10.00", "0.00", &[("delivery", "milk")]),
                bill("B", "90.00", "0.00", &[("delivery", "milk"), ("delivery", "milk")]),
                bill("C", "20.00", "0.00", &[("delivery", "milk"), ("order", "ghee")]),
                bill("D", "30.00", "0.00", &[("late", "milk"), ("delivery", "milk")]),
                bill("E", "40.00", "2.00", &[("delivery", "milk")]),
                bill("F", "99.00", "0.00", &[("delivery", "milk")]),
            ],
        };
        let numbers: Vec<String> =
            bills.examples().unwrap().into_iter().map(|example| example.number).collect();
        assert_eq!(numbers, ["B", "C", "D", "E", "F"]);
    }

    #[test]
    fn other_bills_stand_in_for_missing_kinds() {
        let mut list: Vec<Value> =
            ["A", "B", "C"].iter().map(|name| bill(name, "10.00", "0.00", &[])).collect();
        list.push(json!({ "number": null, "total": "5.00" }));
        let examples = Bills { bills: list }.examples().unwrap();
        let shown: Vec<(&str, &str)> = examples
            .iter()
            .map(|example| (example.why.as_str(), example.number.as_str()))
            .collect();
        assert_eq!(
            shown,
            [("The largest bill", "A"), ("Another bill", "B"), ("Another bill", "C")]
        );
    }
}
