//! Checks the memory of a problem against that of the machine before work starts.

use anyhow::{Result, ensure};
use equipoise::loss::Loss;
use equipoise::solver::Problem;

/// Fails with both numbers when solving and measuring, or the `more` bytes needed afterwards, exceed the memory.
pub(super) fn check_memory(problem: &Problem, more: u128) -> Result<()> {
    let (samples, rows) = (problem.targets().samples(), problem.loss().logit_rows());
    // Logits and two matrices like them, to measure probabilities and balance.
    let needed = problem.memory() + more + 3 * (size_of::<f64>() * samples) as u128 * rows as u128;
    check_available(needed, "solving takes")
}

/// Fails with both numbers when `what` needs more bytes than there are.
pub(super) fn check_available(needed: u128, what: &str) -> Result<()> {
    let Some(available) = available() else { return Ok(()) };
    ensure!(
        needed <= available,
        "{what} up to {}, and {} of memory are free; leave out features or samples",
        readable(needed),
        readable(available)
    );
    Ok(())
}

/// Bytes that can be had without pushing other programs out of memory, where the system says so.
fn available() -> Option<u128> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u128 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

pub(super) fn readable(bytes: u128) -> String {
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
    fn sizes_are_printed_in_the_unit_that_suits() {
        assert_eq!(readable(900), "900.0 bytes");
        assert_eq!(readable(3 << 29), "1.5 GiB");
        assert_eq!(readable(u128::MAX), "295147905179352825856.0 EiB");
    }
}
