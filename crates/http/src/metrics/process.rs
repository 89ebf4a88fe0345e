//! Figures of the process: memory and open files, as Linux tells them.
//!
//! It deliberately shows nothing on systems without `/proc`.

use super::readings::gauge;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::fmt;
use std::fs;

/// The process.
#[derive(Debug)]
pub struct Process;

/// Bytes of memory that belong to the process, from the text of `/proc/self/status`.
fn resident_bytes(status: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Open files. The folder that is read to count them is one of them.
fn open_files() -> Option<i64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    i64::try_from(count).ok().map(|count| count - 1)
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        if let Some(bytes) = resident_bytes(&status) {
            let help = "Memory that belongs to the process.";
            gauge(&mut encoder, "process_resident_memory_bytes", help, bytes)?;
        }
        if let Some(count) = open_files() {
            gauge(&mut encoder, "process_open_fds", "Open files and connections.", count)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{open_files, resident_bytes};

    #[test]
    fn memory_is_read_from_the_status() {
        let status = "Name:\tdairyos\nVmHWM:\t 9 kB\nVmRSS:\t    2048 kB\n";
        assert_eq!(resident_bytes(status), Some(2_097_152));
        assert_eq!(resident_bytes("VmRSS: many kB"), None);
        assert_eq!(resident_bytes(""), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn standard_streams_are_open() {
        assert!(open_files().unwrap() >= 3);
    }
}
