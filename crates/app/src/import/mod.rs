//! Importing CSV files: customers, products, prices, deliveries and orders. A file is taken whole
//! or not at all; taking it again changes nothing.
//!
//! It deliberately has no interactive repair: every bad row is named, with what was expected.

mod customers;
mod deliveries;
mod file;
mod known;
mod orders;
mod prices;
mod products;
mod records;
mod report;
mod table;

pub use report::{BadFile, BadRow, MAX_BAD_ROWS};

use crate::{Actor, AppError, business, paging};
use report::BadRows;
use serde_json::json;
use std::io::Read;
use std::path::{Path, PathBuf};
use store::{Lock, Store, Tx, Work, audit, imports};
use table::Table;

pub use records::{Record, import_records};
pub use store::imports::{Import, Tally};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Customers.
    Customers,
    /// Products.
    Products,
    /// Dated prices.
    Prices,
    /// Deliveries.
    Deliveries,
    /// One-time orders.
    Orders,
}

impl Kind {
    /// All kinds, in the order in which they depend on each other.
    pub const ALL: [Self; 5] =
        [Self::Customers, Self::Products, Self::Prices, Self::Deliveries, Self::Orders];

    /// The word of the kind, which is also its file's name without `.csv`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Products => "products",
            Self::Prices => "prices",
            Self::Deliveries => "deliveries",
            Self::Orders => "orders",
        }
    }

    /// The kind with a word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A file to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it holds.
    pub kind: Kind,
    /// Where it is.
    pub path: PathBuf,
}

/// The importable files of a folder, in the order in which they must be taken.
pub fn files_of(folder: &Path) -> Result<Vec<Source>, AppError> {
    let sources: Vec<Source> = Kind::ALL
        .into_iter()
        .map(|kind| Source { kind, path: folder.join(format!("{}.csv", kind.as_str())) })
        .filter(|source| source.path.is_file())
        .collect();
    if sources.is_empty() {
        let names: Vec<String> =
            Kind::ALL.iter().map(|kind| format!("{}.csv", kind.as_str())).collect();
        let what = format!(
            "{} has nothing to import; expected a folder with some of {}",
            folder.display(),
            names.join(", ")
        );
        return Err(AppError::NotFound(what));
    }
    Ok(sources)
}

/// What an import of one kind works with.
struct Job<'a, 'c> {
    tx: &'a mut Tx<'c>,
    actor: &'a Actor,
    import: i64,
    bad: BadRows,
    tally: Tally,
    progress: &'a mut dyn FnMut(u64),
}

impl Job<'_, '_> {
    /// Whether enough bad rows are known to stop looking further.
    fn is_hopeless(&self) -> bool {
        self.bad.is_full()
    }
}

/// Imports one file in one transaction. `progress` hears how many bytes have been read.
pub fn import_file(
    store: &Store,
    actor: &Actor,
    source: &Source,
    progress: &mut dyn FnMut(u64),
) -> Result<Tally, AppError> {
    let table = Table::open(&source.path, columns_of(source.kind))?;
    let done = store.write(|tx| {
        let (import, tally) = take(tx, actor, source.kind, &source.path, table, progress)?;
        if tally.added + tally.changed == 0 {
            return Err(Stop::NothingNew(tally));
        }
        finish(tx, actor, source.kind, &import, &tally)?;
        Ok(tally)
    });
    match done {
        Ok(tally) | Err(Stop::NothingNew(tally)) => Ok(tally),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// An import that has begun: its id, and the name of what is imported.
type Begun = (i64, String);

/// Takes the rows of a table; what is wrong with any of them is an error.
fn take(
    tx: &mut Tx<'_>,
    actor: &Actor,
    kind: Kind,
    path: &Path,
    table: Table,
    progress: &mut dyn FnMut(u64),
) -> Result<(Begun, Tally), AppError> {
    tx.lock(Lock::Facts)?;
    tx.expect(Work::WriteSets)?;
    business::load(tx)?;
    let file_name = table.file_name().to_owned();
    let import = imports::begin(tx, kind.as_str(), &file_name, actor)?;
    let bad = BadRows::new(path);
    let mut job = Job { tx, actor, import, bad, tally: Tally::default(), progress };
    match kind {
        Kind::Customers => customers::import(&mut job, table)?,
        Kind::Products => products::import(&mut job, table)?,
        Kind::Prices => prices::import(&mut job, table)?,
        Kind::Deliveries => deliveries::import(&mut job, table)?,
        Kind::Orders => orders::import(&mut job, table)?,
    }
    let Job { bad, tally, .. } = job;
    bad.into_result()?;
    Ok(((import, file_name), tally))
}

fn finish(
    tx: &mut Tx<'_>,
    actor: &Actor,
    kind: Kind,
    (import, file_name): &Begun,
    tally: &Tally,
) -> Result<(), AppError> {
    imports::finish(tx, *import, tally)?;
    trace(tx, actor, kind, file_name, *import, tally)
}

/// Imports a file that is being sent, inside the transaction of its request. `name` is what it is
/// called. That it said nothing new is kept too: the answer to the request is.
pub fn import_sent(
    tx: &mut Tx<'_>,
    actor: &Actor,
    kind: Kind,
    name: &str,
    file: Box<dyn Read>,
) -> Result<(i64, Tally), AppError> {
    let path = Path::new(name);
    let table = Table::read(path, file, columns_of(kind))?;
    let (begun, tally) = take(tx, actor, kind, path, table, &mut |_| {})?;
    finish(tx, actor, kind, &begun, &tally)?;
    Ok((begun.0, tally))
}

/// A page of imports, the newest first, and where the next one begins.
pub fn page(
    tx: &mut Tx<'_>,
    before: Option<&str>,
    limit: u16,
) -> Result<(Vec<Import>, Option<String>), AppError> {
    let before = paging::number(before)?.unwrap_or(i32::MAX.into());
    let found = imports::page(tx, before, i64::from(limit) + 1)?;
    Ok(paging::cut(found, limit, |last| last.id.to_string()))
}

/// Why an import's transaction ends without being kept.
enum Stop {
    /// The file says nothing new: not even the import itself leaves a trace.
    NothingNew(Tally),
    Failed(AppError),
}

impl<E: Into<AppError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn trace(
    tx: &mut Tx<'_>,
    actor: &Actor,
    kind: Kind,
    file_name: &str,
    import: i64,
    tally: &Tally,
) -> Result<(), AppError> {
    let after = json!({
        "kind": kind.as_str(),
        "file": file_name,
        "rows": tally.rows,
        "added": tally.added,
        "changed": tally.changed,
        "unchanged": tally.unchanged,
    });
    let entry = crate::audit::entry("import", "imports", import.to_string(), None, Some(&after));
    audit::write(tx, actor, &[entry])?;
    Ok(())
}

const fn columns_of(kind: Kind) -> &'static [table::Column] {
    match kind {
        Kind::Customers => customers::COLUMNS,
        Kind::Products => products::COLUMNS,
        Kind::Prices => prices::COLUMNS,
        Kind::Deliveries => deliveries::COLUMNS,
        Kind::Orders => orders::COLUMNS,
    }
}
