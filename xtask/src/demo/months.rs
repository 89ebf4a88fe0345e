//! The months a file of deliveries covers, read from its `date` column.
//!
//! It checks no more of the file than that; `dairyos import` does.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::failure::Failure;
use crate::workspace;

/// The distinct months, as `YYYY-MM`, oldest first; the path is relative to the checkout.
pub fn of_deliveries(path: &Path) -> Result<Vec<String>, Failure> {
    let full = workspace::root().join(path);
    let file = File::open(&full)
        .map_err(|error| Failure::io(format!("read {}", path.display()), &error))?;
    read(file).map_err(|why| Failure::new(format!("{}: {why}", path.display())))
}

fn read(input: impl Read) -> Result<Vec<String>, String> {
    let mut reader = csv::Reader::from_reader(input);
    let headers = reader.headers().map_err(|error| error.to_string())?;
    let column = headers.iter().position(|name| name == "date").ok_or("no column `date`")?;
    let mut months = BTreeSet::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let date = record.get(column).unwrap_or_default();
        let month = date.get(..7).ok_or_else(|| format!("`{date}` is not a date"))?;
        if !months.contains(month) {
            months.insert(month.to_owned());
        }
    }
    Ok(months.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_distinct_and_sorted() {
        let text = "reference,date,shift\nD1,2026-09-02,morning\n\"a,b\",2026-08-31,evening\n\
                    D3,2026-09-01,morning\n";
        assert_eq!(read(text.as_bytes()).unwrap(), ["2026-08", "2026-09"]);
    }

    #[test]
    fn a_wrong_file_is_explained() {
        assert_eq!(read("a,b\n1,2\n".as_bytes()).unwrap_err(), "no column `date`");
        assert_eq!(read("date\nx\n".as_bytes()).unwrap_err(), "`x` is not a date");
    }
}
