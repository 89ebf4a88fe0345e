//! One running server: its folder, its port, its start and its stop.
//!
//! The server listens on loopback only and trusts every local connection, which suits throwaway
//! data and nothing else. It is not meant for keeping anything.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::account::{self, Account};
use super::folder::TemporaryFolder;
use super::programs;
use crate::failure::Failure;
use crate::interrupt;
use crate::process;

/// The database user; trusted without a password.
const USER: &str = "dairyos";

/// How long a server may take until it accepts connections.
const START_LIMIT: Duration = Duration::from_mins(1);

/// How long a server may take to end after it was told to.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Another program may take the free port between finding it and using it.
const START_ATTEMPTS: u32 = 3;

/// How many lines of the server's log a failure shows.
const LOG_LINES: usize = 12;

/// What a server is for, which decides its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Fast, and useless after a crash.
    Tests,
    /// Every commit on disk, and room for large runs, so that measured times mean something.
    Durable,
}

impl Purpose {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Tests => &[
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "max_connections=200",
                "shared_buffers=128MB",
            ],
            Self::Durable => &[
                "fsync=on",
                "synchronous_commit=on",
                "full_page_writes=on",
                "max_connections=200",
                "shared_buffers=512MB",
                "max_wal_size=4GB",
                "checkpoint_timeout=15min",
            ],
        }
    }
}

/// A running server; it stops, and its folder goes, when this value is dropped.
#[derive(Debug)]
pub struct Server {
    // Fields drop in this order: first the process, then the folder it writes to.
    process: Process,
    _folder: TemporaryFolder,
}

impl Server {
    /// Finds or installs PostgreSQL and starts a fresh server on a free loopback port.
    pub fn start(purpose: Purpose) -> Result<Self, Failure> {
        interrupt::check()?;
        let programs = programs::find_or_install()?;
        let account = account::for_server()?;
        let folder = TemporaryFolder::create(account, purpose)?;
        create_cluster(&programs, folder.path(), account)?;
        let mut attempt = 1;
        loop {
            let port = free_port()?;
            let mut process = Process::spawn(&programs, folder.path(), account, port, purpose)?;
            match process.wait_until_ready(folder.path())? {
                Readiness::Ready => {
                    return Ok(Self { process, _folder: folder });
                }
                Readiness::Ended if attempt < START_ATTEMPTS => attempt += 1,
                Readiness::Ended => return Err(not_started("it ended at once", folder.path())),
                Readiness::TooSlow => {
                    let limit = format!("not ready after {} s", START_LIMIT.as_secs());
                    return Err(not_started(&limit, folder.path()));
                }
            }
        }
    }

    /// The URL of its maintenance database, as a user who may create databases.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.process.port)
    }

    /// Fails when the server has ended by itself.
    pub fn check(&mut self) -> Result<(), Failure> {
        match self.process.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Failure::new(format!("PostgreSQL ended ({status})"))),
            Err(error) => Err(Failure::io("look at PostgreSQL", &error)),
        }
    }
}

enum Readiness {
    Ready,
    Ended,
    TooSlow,
}

#[derive(Debug)]
struct Process {
    child: Child,
    port: u16,
}

impl Process {
    fn spawn(
        programs: &Path,
        folder: &Path,
        account: Option<Account>,
        port: u16,
        purpose: Purpose,
    ) -> Result<Self, Failure> {
        let mut command = Command::new(programs.join("postgres"));
        command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", &format!("port={port}")]);
        for setting in purpose.settings() {
            command.args(["-c", setting]);
        }
        let log = log_file(folder)?;
        let errors = log.try_clone().map_err(|error| Failure::io("open a log", &error))?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        // A group of its own: Ctrl-C at the terminal must not stop it before its users are done.
        command.process_group(0);
        prepare(&mut command, folder, account);
        let child = command.spawn().map_err(|error| Failure::io("start `postgres`", &error))?;
        Ok(Self { child, port })
    }

    /// Looks at the state the server itself writes, which is what `pg_ctl --wait` does too.
    fn wait_until_ready(&mut self, folder: &Path) -> Result<Readiness, Failure> {
        let deadline = Instant::now() + START_LIMIT;
        let state = folder.join("data/postmaster.pid");
        loop {
            interrupt::check()?;
            if let Ok(Some(_)) = self.child.try_wait() {
                return Ok(Readiness::Ended);
            }
            if fs::read_to_string(&state).is_ok_and(|text| says_ready(&text, self.child.id())) {
                return Ok(Readiness::Ready);
            }
            if Instant::now() > deadline {
                return Ok(Readiness::TooSlow);
            }
            thread::sleep(process::POLL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGQUIT is PostgreSQL's immediate shutdown: nothing here is worth a checkpoint.
        process::stop(&mut self.child, Signal::SIGQUIT, STOP_LIMIT);
    }
}

/// The file's first line is the process, its eighth the state.
fn says_ready(state: &str, process: u32) -> bool {
    let mut lines = state.lines();
    let same = lines.next().is_some_and(|line| line.trim() == process.to_string());
    same && lines.nth(6).is_some_and(|line| line.trim() == "ready")
}

fn create_cluster(programs: &Path, folder: &Path, account: Option<Account>) -> Result<(), Failure> {
    // macOS before PostgreSQL 17 has no C.UTF-8; plain C orders text the same way.
    for locale in ["C.UTF-8", "C"] {
        let mut command = Command::new(programs.join("initdb"));
        command.arg("--pgdata").arg(folder.join("data"));
        command.args(["--username", USER, "--auth=trust", "--encoding=UTF8", "--no-sync"]);
        command.arg(format!("--locale={locale}"));
        let log = log_file(folder)?;
        let errors = log.try_clone().map_err(|error| Failure::io("open a log", &error))?;
        command.stdout(log).stderr(errors);
        prepare(&mut command, folder, account);
        if process::run(&mut command)?.success() {
            return Ok(());
        }
    }
    Err(not_started("`initdb` failed", folder))
}

/// What every program of PostgreSQL needs here: the right user, a folder it may enter, messages in
/// English, and none of the caller's own PostgreSQL settings.
fn prepare(command: &mut Command, folder: &Path, account: Option<Account>) {
    command.current_dir(folder).env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGPORT");
    account::apply(account, command);
}

fn free_port() -> Result<u16, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Failure::io("find a free port on 127.0.0.1", &error))
}

fn log_file(folder: &Path) -> Result<File, Failure> {
    let path = folder.join("server.log");
    File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| Failure::io(format!("write {}", path.display()), &error))
}

fn not_started(why: &str, folder: &Path) -> Failure {
    let log = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let last = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n  ");
    Failure::new(format!("PostgreSQL did not start: {why}. The end of its log:\n  {last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_the_eighth_line_of_the_right_process() {
        let ready = "42\n/data\n1700000000\n5432\n/data\n127.0.0.1\n  123 456\nready   \n";
        assert!(says_ready(ready, 42));
        assert!(!says_ready(ready, 43));
        assert!(!says_ready(&ready.replace("ready   ", "starting"), 42));
        assert!(!says_ready("42\n", 42));
    }
}
