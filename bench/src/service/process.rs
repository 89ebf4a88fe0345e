//! A program that serves: started, waited for until it is ready, watched, ended.
//!
//! It deliberately measures only the time to ready and what the system says of its memory.

use super::bare;
use crate::failure::{Doing, Failure};
use crate::program::{peak_kib, resident_kib};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Between two questions whether it is ready; the time to ready is known as exactly as this.
const ASK_EVERY: Duration = Duration::from_millis(1);
/// How long it may take to be ready before the benchmark gives up.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long one question may take.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it may take to end when it is told to.
const END_TIMEOUT: Duration = Duration::from_secs(40);
/// Between two looks whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How much of the end of its log is shown when something is wrong, in bytes.
const SHOWN_BYTES: usize = 4000;

/// A program that listens. It is killed when this value goes without `end`.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the moment before it was started to its first answer that it is ready, in seconds.
    pub ready_seconds: f64,
    log: PathBuf,
}

/// An address of this machine at which nobody listens at this moment.
pub fn free_address() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).doing("find a free port")?;
    listener.local_addr().doing("find a free port")
}

impl Process {
    /// Starts a command that will listen at an address, its output into a file that is begun anew,
    /// and waits until it is ready.
    pub fn start(mut command: Command, address: SocketAddr, log: &Path) -> Result<Self, Failure> {
        let name = command.get_program().to_string_lossy().into_owned();
        let create = || {
            let file = File::create(log)?;
            Ok::<_, std::io::Error>((file.try_clone()?, file))
        };
        let (out, err) = create().doing(format!("create {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let begun = Instant::now();
        let child = command.spawn().doing(format!("start {name}"))?;
        let mut process = Self { child, address, ready_seconds: 0.0, log: log.to_owned() };
        while !is_ready(address) {
            if let Some(status) = process.child.try_wait().doing(format!("wait for {name}"))? {
                return Err(process.wrong(&format!("{name} ended with {status}")));
            }
            if begun.elapsed() > PATIENCE {
                return Err(process.wrong(&format!("{name} is not ready")));
            }
            thread::sleep(ASK_EVERY);
        }
        process.ready_seconds = begun.elapsed().as_secs_f64();
        Ok(process)
    }

    /// The memory it holds now, in MiB; absent where the system does not tell.
    pub fn resident_mib(&self) -> Option<f64> {
        resident_kib(&self.status()).map(mib)
    }

    /// The most memory it has held, in MiB; absent where the system does not tell.
    pub fn peak_mib(&self) -> Option<f64> {
        peak_kib(&self.status()).map(mib)
    }

    fn status(&self) -> String {
        fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default()
    }

    /// Tells it to end and waits until it has.
    pub fn end(mut self) -> Result<(), Failure> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().doing("run kill")?;
        let asked = Instant::now();
        while sent.success() && asked.elapsed() < END_TIMEOUT {
            if self.child.try_wait().doing("wait for its end")?.is_some() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        Err(self.wrong("it did not end when it was told to"))
    }

    /// A failure with the end of the log.
    pub fn wrong(&self, what: &str) -> Failure {
        let bytes = fs::read(&self.log).unwrap_or_default();
        let end = bytes.get(bytes.len().saturating_sub(SHOWN_BYTES)..).unwrap_or_default();
        let end = String::from_utf8_lossy(end);
        Failure::new(format!("{what}; the end of {}:\n{}", self.log.display(), end.trim_end()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether it says so itself. Whoever does not listen yet is not ready.
fn is_ready(address: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(QUESTION_TIMEOUT))?;
        let path = bare::READY;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok::<_, std::io::Error>(answer.starts_with(b"HTTP/1.1 200 "))
    };
    ask().unwrap_or(false)
}

#[expect(clippy::cast_precision_loss, reason = "a number for people")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::{Process, free_address};
    use std::process::Command;

    #[test]
    fn a_program_that_ends_before_it_is_ready_is_a_failure_with_its_log() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo no database; exit 3"]);
        let log = std::env::temp_dir().join(format!("dairyos-bench-{}.log", std::process::id()));
        let failure = Process::start(shell, free_address().unwrap(), &log).unwrap_err();
        std::fs::remove_file(log).unwrap();
        let failure = failure.to_string();
        assert!(failure.contains("no database") && failure.contains('3'), "{failure}");
    }
}
