//! Ctrl-C, SIGTERM and SIGHUP, turned into a flag that every waiting loop looks at.
//!
//! The handler itself does nothing but set the flag, so that servers and folders are given back
//! by the ordinary `Drop` of their guards on the main thread.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Installs the handler; called once, before any command runs.
pub fn listen() -> Result<(), Failure> {
    ctrlc::set_handler(|| REQUESTED.store(true, Ordering::SeqCst))
        .map_err(|error| Failure::new(format!("could not listen for signals: {error}")))
}

/// Whether somebody asked this program to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// Fails once somebody asked this program to stop.
pub fn check() -> Result<(), Failure> {
    if requested() { Err(Failure::interrupted()) } else { Ok(()) }
}
