//! Solves a problem that the peers' benchmark wrote to files with a Rust peer, as `peer.py` does with Python's.
//!
//! `peers DIRECTORY PEER SOLVER LOSS N D K L2`: `x.raw` holds `N x D` little-endian doubles, sample by sample, `y.raw` the
//! `N` classes as 32-bit integers; the coefficients and intercepts go to `head.raw`, processor and wall seconds to
//! standard output. Reading and, for argmin, laying out the features do not count.

mod argmin_peer;
mod clock;
mod linfa_peer;

use anyhow::{Context, Result, bail};
use std::path::Path;

/// Samples and classes as they were written.
pub struct Samples {
    pub features: Vec<f64>,
    pub labels: Vec<u32>,
    pub dimension: usize,
    pub classes: usize,
}

/// Coefficients, class by class, and the classes' intercepts; one of each for a binary problem.
pub struct Head {
    pub coefficients: Vec<f64>,
    pub intercepts: Vec<f64>,
}

impl Samples {
    fn read(directory: &Path, dimension: usize, classes: usize) -> Result<Self> {
        let read = |name: &str| std::fs::read(directory.join(name)).with_context(|| name.to_owned());
        let (features, labels) = (read("x.raw")?, read("y.raw")?);
        Ok(Self {
            features: features.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
            labels: labels.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect(),
            dimension,
            classes,
        })
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, peer, solver, loss, _, d, k, l2] = arguments.as_slice() else {
        bail!("peers DIRECTORY PEER SOLVER LOSS N D K L2");
    };
    let directory = Path::new(directory);
    let samples = Samples::read(directory, d.parse()?, k.parse()?)?;
    let l2 = l2.parse()?;
    let head = match (peer.as_str(), solver.as_str(), loss.as_str()) {
        ("linfa", "lbfgs", "logistic") => linfa_peer::binary(&samples, l2)?,
        ("linfa", "lbfgs", "softmax") => linfa_peer::softmax(&samples, l2)?,
        ("argmin", "lbfgs", "softmax") => argmin_peer::softmax(&samples, l2)?,
        ("argmin", solver, "logistic") => argmin_peer::logistic(&samples, l2, solver.parse()?)?,
        _ => bail!("{peer} {solver} does not solve {loss}"),
    };
    let numbers = head.coefficients.iter().chain(&head.intercepts);
    std::fs::write(directory.join("head.raw"), numbers.flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>())?;
    Ok(())
}
