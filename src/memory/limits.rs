//! What every limit on memory leaves, as Linux says it in `/proc`. Other systems say nothing.

use super::{FreeMemory, MemoryLimit, control_group};
use std::fs::read_to_string;

/// What is left under each limit that there is.
pub(super) fn all() -> Vec<FreeMemory> {
    let text = |path: &str| read_to_string(path).unwrap_or_default();
    let (machine, limits, status) =
        (text("/proc/meminfo"), text("/proc/self/limits"), text("/proc/self/status"));
    let promised = text("/proc/sys/vm/overcommit_memory").trim() == "2";
    let free = |limit: MemoryLimit, bytes: Option<u128>| bytes.map(|bytes| FreeMemory { bytes, limit });
    let found = [
        free(MemoryLimit::Machine, kibibytes(&machine, "MemAvailable:")),
        free(MemoryLimit::Commitment, commitment(&machine).filter(|_| promised)),
        free(MemoryLimit::ControlGroup, control_group::free()),
        free(MemoryLimit::AddressSpace, left(&limits, "Max address space", kibibytes(&status, "VmSize:"))),
        free(MemoryLimit::DataSegment, left(&limits, "Max data size", kibibytes(&status, "VmData:"))),
    ];
    found.into_iter().flatten().collect()
}

/// The bytes behind a key such as `MemAvailable:`, which files of `/proc` give in units of 1024.
fn kibibytes(text: &str, key: &str) -> Option<u128> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let number: u128 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * number)
}

/// What the machine still promises.
fn commitment(machine: &str) -> Option<u128> {
    Some(kibibytes(machine, "CommitLimit:")?.saturating_sub(kibibytes(machine, "Committed_AS:")?))
}

/// What a limit of `/proc/self/limits` leaves beyond what is used; `None` where there is no such limit.
fn left(limits: &str, name: &str, used: Option<u128>) -> Option<u128> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    let limit: u128 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(used?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_the_system_writes_them() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max data size             unlimited            unlimited            bytes     \n\
                      Max address space         3072000000           unlimited            bytes     \n";
        let status = "VmPeak:\t  999999 kB\nVmSize:\t 1000000 kB\nVmData:\t     100 kB\n";
        let used = kibibytes(status, "VmSize:");
        assert_eq!(used, Some(1_024_000_000));
        assert_eq!(left(limits, "Max address space", used), Some(2_048_000_000));
        assert_eq!(left(limits, "Max address space", Some(1 << 40)), Some(0));
        assert_eq!(left(limits, "Max data size", used), None);
        assert_eq!(left("", "Max data size", used), None);
        let machine = "MemAvailable:   10 kB\nCommitLimit:    30 kB\nCommitted_AS:   20 kB\n";
        assert_eq!((kibibytes(machine, "MemAvailable:"), commitment(machine)), (Some(10_240), Some(10_240)));
    }
}
