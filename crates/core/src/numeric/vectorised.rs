//! Picks the widest vector instructions of the machine at run time, in a build with the feature `fast`.

#[cfg(feature = "fast")]
pub use pulp::NullaryFnOnce as Kernel;

/// A function of no arguments, compiled for the instructions of its caller.
#[cfg(not(feature = "fast"))]
pub trait Kernel {
    /// What it returns.
    type Output;

    /// Calls it.
    fn call(self) -> Self::Output;
}

/// Runs a kernel compiled for the machine's vector instructions (AVX-512, AVX2, NEON, or none).
///
/// `Kernel::call` must be `#[inline(always)]`, else it is compiled for the plainest machine.
#[cfg(feature = "fast")]
pub fn vectorised<K: Kernel>(kernel: K) -> K::Output {
    pulp::Arch::new().dispatch(kernel)
}

/// Whether kernels run on a machine with fused multiplication and addition; `f64::mul_add` is a function call on others.
#[cfg(feature = "fast")]
pub(crate) fn fuses() -> bool {
    cfg!(any(target_arch = "x86", target_arch = "x86_64")) && !matches!(pulp::Arch::new(), pulp::Arch::Scalar)
}

/// Whether kernels run on a machine with fused multiplication and addition.
#[cfg(not(feature = "fast"))]
pub(crate) fn fuses() -> bool {
    false
}

/// Runs a kernel compiled for the instructions that the crate is built for.
#[cfg(not(feature = "fast"))]
pub fn vectorised<K: Kernel>(kernel: K) -> K::Output {
    kernel.call()
}
