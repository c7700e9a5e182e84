//! Which build this is: what `--version` says beyond the number.

/// Version, commit and features, a line each.
pub(super) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("EQUIPOISE_COMMIT"),
    "\nfeatures: ",
    env!("EQUIPOISE_FEATURES"),
);
