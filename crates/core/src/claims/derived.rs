//! Which claims follow from others (docs/theory.md#follows). They are checked all the same: a formula can be right and its code wrong.

/// Claims that rearrange, differentiate or apply others, and these.
const FOLLOW: [(&str, &[&str]); 12] = [
    ("B2", &["B1"]),
    ("B3", &["B1"]),
    ("I2", &["B5"]),
    ("W2", &["B5"]),
    ("A1", &["B6"]),
    ("A2", &["A1"]),
    ("R3", &["R1", "R2"]),
    ("N1", &["B5", "B6", "R1", "R2"]),
    ("N2", &["B5", "B6", "R1", "R2"]),
    ("N3", &["B2"]),
    ("N4", &["I2"]),
    ("C2", &["B5"]),
];

/// The claims that the claim of an id follows from; none for one that is independent.
///
/// ```
/// # use equipoise_core as equipoise;
/// use equipoise::claims::claim_follows_from;
///
/// assert_eq!(claim_follows_from("B2"), ["B1"]);
/// assert!(claim_follows_from("B1").is_empty());
/// ```
#[must_use]
pub fn claim_follows_from(id: &str) -> &'static [&'static str] {
    FOLLOW.iter().find(|(derived, _)| *derived == id).map_or(&[], |(_, from)| from)
}
