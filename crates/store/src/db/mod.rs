//! The one place that names the two databases: opening, transactions, parameters, rows, sets, and
//! errors.
//!
//! It deliberately knows no table. A difference between the databases that cannot be avoided is
//! marked `// escape:` and counted by `cargo xtask tidy`.

mod ahead;
mod checkpoint;
mod dialect;
mod error;
mod open;
mod pool;
mod presence;
mod row;
mod server;
mod sets;
mod texts;
mod transact;
mod tx;
mod value;
mod watch;

pub use checkpoint::Checkpoints;
pub use error::StoreError;
pub use open::Store;
pub use pool::Connections;
pub use row::Row;
pub use sets::{Column, Each, Insert};
pub use transact::Reader;
pub use tx::{CUSTOMERS_PER_RANGE, Lock, Mark, Tx, Work};
pub use value::Value;

pub(crate) use ahead::Asked;
pub(crate) use dialect::Dialect;
pub(crate) use error::{from_postgres, from_sqlite};
pub(crate) use server::Server;
