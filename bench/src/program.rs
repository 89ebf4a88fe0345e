//! Runs a program to its end, with its time and its peak memory.
//!
//! It deliberately runs everything that is measured as a program of its own, so that the memory is
//! that program's alone. It understands nothing of what the program prints.

use crate::failure::{Doing, Failure};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks at a program's memory. The system keeps the peak, so only what is added in
/// the last moment can be missed.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A finished program.
#[derive(Debug)]
pub struct Finished {
    /// From its start to its end.
    pub seconds: f64,
    /// The most memory it held, in MiB; absent where the system does not tell.
    pub peak_mib: Option<f64>,
    /// What it printed.
    pub printed: Value,
}

/// A program that prints JSON.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// The program at a path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Runs it; anything but success is a failure that repeats what it said.
    pub fn run<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Finished, Failure> {
        self.run_to(&[0], arguments)
    }

    /// Runs it; an exit code other than these is a failure that repeats what it said.
    pub fn run_to<S: AsRef<OsStr>>(
        &self,
        codes: &[i32],
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Finished, Failure> {
        let name = self.path.display().to_string();
        let mut command = Command::new(&self.path);
        command.args(arguments).env_remove("DAIRYOS_DATABASE_URL");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let words: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        let shown = words.join(" ");
        let start = Instant::now();
        let mut child = command.spawn().doing(format!("start {name}"))?;
        let watched = watch(&mut child).doing(format!("wait for {name}"))?;
        let seconds = start.elapsed().as_secs_f64();
        if !watched.status.code().is_some_and(|code| codes.contains(&code)) {
            let (out, err) = (watched.stdout.trim(), watched.stderr.trim());
            let status = watched.status;
            let message = format!("{name} {shown}\nended with {status}:\n{err}\n{out}");
            return Err(Failure::new(message.trim_end()));
        }
        let printed = serde_json::from_str(&watched.stdout)
            .doing(format!("read what {name} {shown} printed"))?;
        #[expect(clippy::cast_precision_loss, reason = "a number for people")]
        let peak_mib = watched.peak_kib.map(|kib| kib as f64 / 1024.0);
        Ok(Finished { seconds, peak_mib, printed })
    }
}

struct Watched {
    status: ExitStatus,
    stdout: String,
    stderr: String,
    peak_kib: Option<u64>,
}

fn watch(child: &mut Child) -> std::io::Result<Watched> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let status_file = format!("/proc/{}/status", child.id());
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let stdout = scope.spawn(|| text_of(stdout));
        let stderr = scope.spawn(|| text_of(stderr));
        let peak = scope.spawn(|| {
            let mut peak = None;
            while !ended.load(Ordering::Relaxed) {
                let status = fs::read_to_string(&status_file).unwrap_or_default();
                peak = peak.max(peak_kib(&status));
                thread::sleep(LOOK_EVERY);
            }
            peak
        });
        let status = child.wait();
        ended.store(true, Ordering::Relaxed);
        // A thread that panicked has nothing to say.
        Ok(Watched {
            status: status?,
            stdout: stdout.join().unwrap_or_default(),
            stderr: stderr.join().unwrap_or_default(),
            peak_kib: peak.join().unwrap_or_default(),
        })
    })
}

fn text_of(stream: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        // What was read before an error is still worth showing.
        let _ = stream.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The peak of resident memory in a status file of Linux.
pub fn peak_kib(status: &str) -> Option<u64> {
    kib(status, "VmHWM:")
}

/// The resident memory in a status file of Linux.
pub fn resident_kib(status: &str) -> Option<u64> {
    kib(status, "VmRSS:")
}

fn kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Program, peak_kib, resident_kib};

    #[test]
    fn the_peak_is_read_from_the_status() {
        let status = "Name:\tdairyos\nVmPeak:\t  900000 kB\nVmHWM:\t  123456 kB\nVmRSS:\t 99 kB\n";
        assert_eq!(peak_kib(status), Some(123_456));
        assert_eq!(resident_kib(status), Some(99));
        assert_eq!(peak_kib("Name:\tx\n"), None);
    }

    #[test]
    fn a_program_is_measured_and_its_failure_repeated() {
        let shell = Program::new("sh");
        let done = shell.run(["-c", "sleep 0.05; echo '{\"a\": 1}'"]).unwrap();
        assert!(done.seconds >= 0.05);
        assert_eq!(done.printed["a"], 1);
        let failed = shell.run(["-c", "echo wrong >&2; exit 3"]).unwrap_err().to_string();
        assert!(failed.contains("wrong") && failed.contains('3'), "{failed}");
    }
}
