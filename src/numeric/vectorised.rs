//! Picks the widest vector instructions of the machine at run time.

pub use pulp::NullaryFnOnce as Kernel;

/// Runs a kernel compiled for the machine's vector instructions (AVX-512, AVX2, NEON, or none).
///
/// `Kernel::call` must be `#[inline(always)]`, else it is compiled for the plainest machine.
pub fn vectorised<K: Kernel>(kernel: K) -> K::Output {
    pulp::Arch::new().dispatch(kernel)
}
