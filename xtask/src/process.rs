//! Running other programs so that a signal to this one also ends them.
//!
//! Each program gets a process group of its own and no standard input. It does not time programs
//! out: how long a build or a test may take is not this program's to say.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::failure::Failure;
use crate::interrupt;

/// How often a waiting loop looks at the child and at the signal flag.
pub const POLL: Duration = Duration::from_millis(20);

/// How long a program may take to end after SIGTERM before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// Runs a program with this program's output and error streams and waits for its end.
pub fn run(command: &mut Command) -> Result<ExitStatus, Failure> {
    let mut child = start(command)?;
    wait(&mut child)
}

/// Runs a program and fails, naming it, unless it exits with 0.
pub fn run_to_success(command: &mut Command) -> Result<(), Failure> {
    let status = run(command)?;
    if status.success() { Ok(()) } else { Err(failed(command, status)) }
}

/// Runs a program, which must exit with 0, and returns its output; its error stream is ours.
pub fn capture(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    // A thread empties the pipe: a full pipe would stop the child while this one waits for it.
    let reader = child.stdout.take().map(|mut pipe| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).map(|_| bytes)
        })
    });
    let status = wait(&mut child)?;
    let bytes = match reader.map(thread::JoinHandle::join) {
        Some(Ok(Ok(bytes))) => bytes,
        Some(Ok(Err(error))) => return Err(Failure::io(reading(command), &error)),
        Some(Err(_)) | None => return Err(Failure::new(format!("could not {}", reading(command)))),
    };
    if status.success() {
        return Ok(bytes);
    }
    let output = String::from_utf8_lossy(&bytes);
    let Failure { message, code } = failed(command, status);
    Err(Failure { message: format!("{message}\n{output}"), code })
}

/// The program and its arguments as a person would type them.
pub fn shown(command: &Command) -> String {
    let mut words = vec![quoted(&command.get_program().to_string_lossy())];
    words.extend(command.get_args().map(|word| quoted(&word.to_string_lossy())));
    words.join(" ")
}

/// A word as a shell needs it: quoted when it holds anything but plain characters.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// Asks the whole process group of a child to end, and kills it when it does not.
pub fn stop(child: &mut Child, signal: Signal, grace: Duration) {
    let group = group_of(child);
    // A child that has already ended makes these fail, which is what is wanted.
    let _ = killpg(group, signal);
    let deadline = Instant::now() + grace;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() > deadline {
            let _ = killpg(group, Signal::SIGKILL);
            let _ = child.wait();
            break;
        }
        thread::sleep(POLL);
    }
}

fn start(command: &mut Command) -> Result<Child, Failure> {
    interrupt::check()?;
    command
        .process_group(0)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| Failure::io(format!("start `{}`", shown(command)), &error))
}

fn wait(child: &mut Child) -> Result<ExitStatus, Failure> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if interrupt::requested() => {
                stop(child, Signal::SIGTERM, GRACE);
                return Err(Failure::interrupted());
            }
            Ok(None) => thread::sleep(POLL),
            Err(error) => return Err(Failure::io("wait for a program", &error)),
        }
    }
}

fn group_of(child: &Child) -> Pid {
    // The child leads its own group, so its id is the group's. An id above i32 cannot occur on a
    // Unix system; the fallback names no group at all.
    Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX))
}

fn reading(command: &Command) -> String {
    format!("read the output of `{}`", shown(command))
}

fn failed(command: &Command, status: ExitStatus) -> Failure {
    Failure::new(format!("`{}` failed ({status})", shown(command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_larger_than_a_pipe_is_read_whole() {
        let mut command = Command::new("sh");
        command.args(["-c", "i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done"]);
        assert_eq!(capture(&mut command).unwrap().len(), 220_000);
    }

    #[test]
    fn a_failure_names_the_command_and_shows_its_output() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo seen; exit 3"]);
        let failure = capture(&mut command).unwrap_err();
        assert!(failure.message.contains("exit 3"), "{}", failure.message);
        assert!(failure.message.ends_with("seen\n"), "{}", failure.message);
    }

    #[test]
    fn stopping_ends_the_whole_group() {
        let mut child = start(Command::new("sh").args(["-c", "sleep 60 & wait"])).unwrap();
        let group = group_of(&child);
        thread::sleep(Duration::from_millis(100));
        stop(&mut child, Signal::SIGTERM, GRACE);
        let deadline = Instant::now() + GRACE;
        // The grandchild is reaped by the system, which may take a moment.
        while killpg(group, None).is_ok() && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        assert!(killpg(group, None).is_err(), "a process of the group still runs");
    }

    #[test]
    fn words_are_quoted_only_when_a_shell_needs_it() {
        assert_eq!(quoted("--month"), "--month");
        assert_eq!(quoted("Gokul Dairy"), "\"Gokul Dairy\"");
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(quoted("a\"b"), "\"a\\\"b\"");
    }
}
