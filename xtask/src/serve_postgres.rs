//! `cargo xtask postgres`: a private PostgreSQL for the developer's own use.
//!
//! It keeps no data; a database worth keeping belongs to a server of one's own.

use std::ffi::OsString;
use std::io::Read;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use crate::failure::Failure;
use crate::interrupt;
use crate::postgres::{Purpose, Server};
use crate::process::POLL;

pub const HELP: &str = "\
Start a private PostgreSQL and keep it until Ctrl-C.

Usage: cargo xtask postgres [--durable]

Starts a fresh server on a free port of 127.0.0.1, in a temporary folder, and prints its URL. The
server ends, and its data is removed, at Ctrl-C, at the end of standard input, or when this
program is ended in any other way.

Options:
  --durable   settings for measuring: every commit on disk, 512 MB of shared buffers
              (without it: settings for tests, fast and not safe against a crash)
";

pub fn run(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let mut purpose = Purpose::Tests;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("durable") => purpose = Purpose::Durable,
            other => return Err(other.unexpected().into()),
        }
    }
    let mut server = Server::start(purpose)?;
    println!("{}", server.url());
    eprintln!("PostgreSQL runs until Ctrl-C or the end of standard input.");
    let ended = end_of_input();
    while !interrupt::requested() && matches!(ended.try_recv(), Err(TryRecvError::Empty)) {
        server.check()?;
        thread::sleep(POLL);
    }
    drop(server);
    eprintln!("PostgreSQL has stopped.");
    Ok(ExitCode::SUCCESS)
}

/// A channel that says something, or closes, once standard input has ended.
pub fn end_of_input() -> Receiver<()> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut buffer = [0; 1024];
        while input.read(&mut buffer).is_ok_and(|count| count > 0) {}
        // Nobody listens any more when the program is already ending.
        let _ = sender.send(());
    });
    receiver
}
