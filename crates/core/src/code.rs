//! Which build of the crate this is, as far as its numbers go.

/// Digest of the source of everything that computes. Whatever is kept of earlier computations is used again only where it
/// is the same: a version number stays through many changes.
pub(crate) const CODE: &str = env!("EQUIPOISE_CORE_CODE");
