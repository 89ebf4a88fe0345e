//! The API as programs and browsers see it.

mod customers;
mod hostile;
mod idempotency;
mod kit;
mod permissions;
mod reference;
mod sessions;
mod trade;
