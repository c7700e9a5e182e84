//! How much memory this process may still take. Asked before every allocation that grows with what the user gives.
//!
//! The answer is the least of what the machine, the control groups of a container or job, and the limits of the process
//! (`ulimit -v`, `ulimit -d`) leave. A search that would be killed half way is refused before it begins, with both numbers.

mod limits;

use std::fmt::{Display, Formatter, Result as Written};
use thiserror::Error;

/// What a process runs into first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryLimit {
    /// The memory of the machine.
    Machine,
    /// What the machine still promises to programs, where it promises no more than it has.
    Commitment,
    /// A control group (cgroup), as containers and jobs of a cluster have.
    ControlGroup,
    /// The address space of the process: `ulimit -v`.
    AddressSpace,
    /// The data of the process: `ulimit -d`.
    DataSegment,
}

impl Display for MemoryLimit {
    fn fmt(&self, formatter: &mut Formatter) -> Written {
        formatter.write_str(match self {
            Self::Machine => "on this machine",
            Self::Commitment => "on this machine, which promises no more than it has",
            Self::ControlGroup => "in the control group of this container or job",
            Self::AddressSpace => "under the limit on address space (ulimit -v)",
            Self::DataSegment => "under the limit on data (ulimit -d)",
        })
    }
}

/// Memory that is free, and what limits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeMemory {
    /// Bytes.
    pub bytes: u128,
    /// What leaves no more.
    pub limit: MemoryLimit,
}

impl FreeMemory {
    /// The least of what every limit leaves; `None` where the system does not say (it does on Linux).
    #[must_use]
    pub fn now() -> Option<Self> {
        limits::all().into_iter().min_by_key(|free| free.bytes)
    }
}

/// More memory is needed than is free.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error(
    "{what} up to {}, and {} of memory are free {}; {advice}",
    readable(*.needed), readable(.free.bytes), .free.limit
)]
pub struct MemoryError {
    /// What needs it, as in "solving takes".
    pub what: String,
    /// Bytes that are needed.
    pub needed: u128,
    /// What there is.
    pub free: FreeMemory,
    /// What the user can do.
    pub advice: String,
}

/// Whether so many bytes are free, as far as the system says.
#[must_use]
pub fn fits(needed: u128) -> bool {
    needed <= ALWAYS_FREE || FreeMemory::now().is_none_or(|free| needed <= free.bytes)
}

/// Fails when `what` needs more bytes than are free. Small needs are not held against it: to ask the system takes longer than to
/// solve a small problem.
///
/// # Errors
/// Names both numbers and the limit.
pub fn check_memory(needed: u128, what: &str, advice: &str) -> Result<(), MemoryError> {
    if needed <= ALWAYS_FREE {
        return Ok(());
    }
    match FreeMemory::now() {
        Some(free) if needed > free.bytes => {
            Err(MemoryError { what: what.to_owned(), needed, free, advice: advice.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Makes room for `more` items of a list that grows while something is read whose length is not known before. The budget
/// is asked whenever the list has to move.
///
/// # Errors
/// There is not enough memory.
pub fn make_room<T>(list: &mut Vec<T>, more: usize, what: &str) -> Result<(), MemoryError> {
    const ADVICE: &str = "read less at once, or on a machine with more memory";
    if list.capacity() - list.len() >= more {
        return Ok(());
    }
    let bytes = |items: usize| items as u128 * size_of::<T>() as u128;
    // Twice the length where that fits, and no more than is asked for where it does not. Small lists need not ask.
    let held = list.len();
    let wanted = [held.max(more), more.saturating_add(held / 8), more];
    let small = bytes(held.saturating_add(wanted[0])) <= ALWAYS_FREE;
    let free = if small { None } else { FreeMemory::now() };
    let fits = |&added: &usize| free.is_none_or(|free| bytes(added) <= free.bytes);
    match (wanted.into_iter().find(fits), free) {
        (Some(added), _) if list.try_reserve_exact(added).is_ok() => Ok(()),
        (_, free) => Err(MemoryError {
            what: what.to_owned(),
            needed: bytes(held.saturating_add(more)),
            free: free.or_else(FreeMemory::now).unwrap_or(UNKNOWN),
            advice: ADVICE.to_owned(),
        }),
    }
}

/// So many bytes are taken unasked.
const ALWAYS_FREE: u128 = 1 << 20;

/// Of systems that say nothing and yet give no memory.
const UNKNOWN: FreeMemory = FreeMemory { bytes: 0, limit: MemoryLimit::Machine };

/// As `1.5 GiB`.
#[must_use]
pub fn readable(bytes: u128) -> String {
    const UNITS: [&str; 7] = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let (mut size, mut unit) = (bytes as f64, 0);
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_any_machine_is_refused_with_both_numbers() {
        assert_eq!(check_memory(1, "a byte takes", "take less"), Ok(()));
        if FreeMemory::now().is_some() {
            let error =
                check_memory(u128::MAX, "everything takes", "take less").expect_err("too much").to_string();
            assert!(error.starts_with("everything takes up to 295147905179352825856.0 EiB, and "), "{error}");
            assert!(error.contains(" of memory are free ") && error.ends_with("; take less"), "{error}");
        }
    }

    #[test]
    fn lists_grow_by_themselves_and_not_beyond_the_memory() {
        let mut list = Vec::new();
        for number in 0..10_000_u64 {
            make_room(&mut list, 1, "numbers take").expect("room");
            let before = list.capacity();
            list.push(number);
            assert_eq!(list.capacity(), before);
        }
        assert!(list.capacity() < 40_000);
        let error = make_room(&mut list, usize::MAX / 16, "numbers take").expect_err("too many").to_string();
        assert!(error.starts_with("numbers take up to ") && list.len() == 10_000, "{error}");
    }

    #[test]
    fn sizes_are_printed_in_the_unit_that_suits() {
        assert_eq!(readable(900), "900.0 bytes");
        assert_eq!(readable(3 << 29), "1.5 GiB");
        assert_eq!(readable(u128::MAX), "295147905179352825856.0 EiB");
    }
}
