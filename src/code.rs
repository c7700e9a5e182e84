//! Which build of the program this is, as far as records go.

/// Digest of the source of everything that records are computed by. What is kept of earlier runs is used again only where it is the
/// same: a version number stays through many changes.
pub(crate) const CODE: &str = env!("EQUIPOISE_CODE");
