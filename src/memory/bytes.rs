//! Numbers of bytes as people read them.

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
    fn sizes_are_printed_in_the_unit_that_suits() {
        assert_eq!(readable(900), "900.0 bytes");
        assert_eq!(readable(3 << 29), "1.5 GiB");
        assert_eq!(readable(u128::MAX), "295147905179352825856.0 EiB");
    }
}
