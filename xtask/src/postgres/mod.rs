//! A private PostgreSQL server: found or installed, started in a folder of its own, stopped again.
//!
//! `Server::start` is all a command needs. It never touches a server or a cluster that somebody
//! else set up, never runs the server as root, and keeps no data: the folder goes with the server.

mod account;
mod folder;
mod programs;
mod server;

pub use server::{Purpose, Server};
