//! Bytes that are nearly a file.

use rand::{Rng, RngExt};

/// Numbers that headers break at.
const EDGES: [u64; 8] = [0, 1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0xffff_ffff, u64::MAX];

/// A seed after a few changes of a kind each: bytes, runs of them, numbers, digits, ends, and pieces of another seed.
pub(crate) fn mutated(seeds: &[Vec<u8>], generator: &mut impl Rng) -> Vec<u8> {
    let mut bytes = seeds[generator.random_range(0..seeds.len())].clone();
    for _ in 0..generator.random_range(1..6) {
        let at = generator.random_range(0..=bytes.len());
        let length = generator.random_range(0..=(bytes.len() - at).min(64));
        match generator.random_range(0..9) {
            0 => {
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << generator.random_range(0..8));
            }
            1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = generator.random()),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..at + length)),
            4 => {
                let again = bytes[at..at + length].to_vec();
                bytes.splice(at..at, again);
            }
            5 => {
                let edge = EDGES[generator.random_range(0..EDGES.len())].to_le_bytes();
                let width = 1 << generator.random_range(0..4);
                bytes.iter_mut().skip(at).zip(&edge[..width]).for_each(|(byte, edge)| *byte = *edge);
            }
            6 => {
                // Sizes and offsets in headers are digits.
                let digits: Vec<usize> =
                    (0..bytes.len()).filter(|&place| bytes[place].is_ascii_digit()).collect();
                if let Some(&place) = digits.get(generator.random_range(0..digits.len().max(1))) {
                    bytes[place] = b'0' + generator.random_range(0..10);
                }
            }
            7 => {
                let other = &seeds[generator.random_range(0..seeds.len())];
                let from = generator.random_range(0..=other.len());
                let piece = &other[from..(from + length).min(other.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            _ => bytes.resize(bytes.len() + generator.random_range(0..32), generator.random()),
        }
    }
    bytes
}
