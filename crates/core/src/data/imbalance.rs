//! Rules for class sizes: the shapes of imbalance that experiments sweep.

use serde::{Deserialize, Serialize};

use super::DataError;

/// A rule from the number of classes `K` to the class sizes `N_0, ..., N_(K-1)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ImbalanceProfile {
    /// Long tail (docs/theory.md#n5): `N_c = largest * ratio^(-c / (K - 1))`, rounded to the nearest whole number and at
    /// least 1, so class 0 is the largest and the last class is `ratio` times as small.
    Exponential {
        /// Samples of class 0; at least 1.
        largest: usize,
        /// Largest over smallest class size; finite and at least 1 (1 means balanced).
        ratio: f64,
    },
    /// Two sizes: the first classes have `largest` samples each, the last `minority_classes` have
    /// `largest / ratio` each, rounded to the nearest whole number and at least 1.
    Step {
        /// Samples of each majority class; at least 1.
        largest: usize,
        /// Majority over minority class size; finite and at least 1.
        ratio: f64,
        /// How many of the last classes are small; at least 1 and fewer than all.
        minority_classes: usize,
    },
    /// One class of another size (docs/theory.md#a3): `rare` has `samples` samples, all others `common` each.
    OneRare {
        /// Samples of each of the other classes; at least 1.
        common: usize,
        /// Index of the class, from 0.
        rare: usize,
        /// Samples of that class; at least 1.
        samples: usize,
    },
    /// The class sizes themselves, each at least 1.
    Explicit(Vec<usize>),
}

impl ImbalanceProfile {
    /// Samples of each of `classes` classes (`K >= 2`), every one at least 1.
    ///
    /// # Errors
    /// There are fewer than two classes, the profile is of another number of classes or leaves a class empty,
    /// or its ratio is not finite and at least 1.
    pub fn counts(&self, classes: usize) -> Result<Vec<usize>, DataError> {
        if classes < 2 {
            return Err(DataError::invalid("imbalance profile", "needs at least two classes"));
        }
        match self {
            Self::Exponential { largest, ratio } => {
                check(*largest, *ratio)?;
                let last = (classes - 1) as f64;
                Ok((0..classes).map(|class| shrunk(*largest, ratio.powf(class as f64 / last))).collect())
            }
            Self::Step { largest, ratio, minority_classes } => {
                check(*largest, *ratio)?;
                if *minority_classes == 0 || *minority_classes >= classes {
                    return Err(DataError::invalid(
                        "imbalance minority_classes",
                        format!("{minority_classes}; it must lie between 1 and {} here", classes - 1),
                    ));
                }
                let small = shrunk(*largest, *ratio);
                let majority_classes = classes - minority_classes;
                Ok((0..classes)
                    .map(|class| if class < majority_classes { *largest } else { small })
                    .collect())
            }
            Self::OneRare { common, rare, samples } => {
                if *rare >= classes {
                    return Err(DataError::invalid(
                        "imbalance rare",
                        format!("class {rare}; the classes here are 0 to {}", classes - 1),
                    ));
                }
                let counts: Vec<usize> =
                    (0..classes).map(|class| if class == *rare { *samples } else { *common }).collect();
                explicit(&counts, classes)
            }
            Self::Explicit(counts) => explicit(counts, classes),
        }
    }
}

fn explicit(counts: &[usize], classes: usize) -> Result<Vec<usize>, DataError> {
    if counts.len() != classes {
        return Err(DataError::invalid(
            "imbalance counts",
            format!("{} counts, but there are {classes} classes; give one count per class", counts.len()),
        ));
    }
    if let Some(empty) = counts.iter().position(|&count| count == 0) {
        return Err(DataError::invalid(
            format!("imbalance counts, class {empty}"),
            "0 samples; every class needs at least one",
        ));
    }
    Ok(counts.to_vec())
}

fn check(largest: usize, ratio: f64) -> Result<(), DataError> {
    if largest == 0 {
        return Err(DataError::invalid("imbalance largest", "0 samples; it must be at least 1"));
    }
    if !(ratio.is_finite() && ratio >= 1.0) {
        return Err(DataError::invalid(
            "imbalance ratio",
            format!("{ratio}; it is largest over smallest class size, so it must be finite and at least 1"),
        ));
    }
    Ok(())
}

/// `largest / factor` to the nearest whole number, at least 1; `factor` is at least 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the quotient lies between 0 and largest, and the cast saturates"
)]
fn shrunk(largest: usize, factor: f64) -> usize {
    ((largest as f64 / factor).round() as usize).clamp(1, largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_follows_the_formula() {
        let profile = ImbalanceProfile::Exponential { largest: 500, ratio: 100.0 };
        assert_eq!(profile.counts(3).expect("valid"), [500, 50, 5]);
        // 500 * 100^(-c/4) = 500, 158.11, 50, 15.81, 5.
        assert_eq!(profile.counts(5).expect("valid"), [500, 158, 50, 16, 5]);
    }

    #[test]
    fn no_class_falls_below_one_sample() {
        let profile = ImbalanceProfile::Exponential { largest: 3, ratio: 1e300 };
        assert_eq!(profile.counts(3).expect("valid"), [3, 1, 1]);
        let step = ImbalanceProfile::Step { largest: 3, ratio: 1e300, minority_classes: 1 };
        assert_eq!(step.counts(2).expect("valid"), [3, 1]);
    }

    #[test]
    fn ratio_one_is_balanced() {
        let profile = ImbalanceProfile::Exponential { largest: 17, ratio: 1.0 };
        assert_eq!(profile.counts(4).expect("valid"), [17; 4]);
    }

    #[test]
    fn step_shrinks_the_last_classes() {
        let profile = ImbalanceProfile::Step { largest: 100, ratio: 8.0, minority_classes: 2 };
        assert_eq!(profile.counts(5).expect("valid"), [100, 100, 100, 13, 13]);
    }

    #[test]
    fn one_class_may_be_rare() {
        let profile = ImbalanceProfile::OneRare { common: 50, rare: 1, samples: 5 };
        assert_eq!(profile.counts(4).expect("valid"), [50, 5, 50, 50]);
    }

    #[test]
    fn explicit_counts_come_back() {
        let profile = ImbalanceProfile::Explicit(vec![4, 1, 9]);
        assert_eq!(profile.counts(3).expect("valid"), [4, 1, 9]);
    }

    #[test]
    fn wrong_values_name_themselves() {
        let exponential = |largest, ratio| ImbalanceProfile::Exponential { largest, ratio };
        let step = |minority_classes| ImbalanceProfile::Step { largest: 9, ratio: 3.0, minority_classes };
        let cases = [
            (exponential(10, 0.5), 3, "imbalance ratio: 0.5"),
            (exponential(10, f64::NAN), 3, "imbalance ratio: NaN"),
            (exponential(10, f64::INFINITY), 3, "imbalance ratio: inf"),
            (exponential(0, 2.0), 3, "imbalance largest: 0"),
            (exponential(10, 2.0), 1, "at least two classes"),
            (step(0), 3, "minority_classes: 0"),
            (step(3), 3, "between 1 and 2"),
            (
                ImbalanceProfile::OneRare { common: 9, rare: 3, samples: 1 },
                3,
                "class 3; the classes here are 0 to 2",
            ),
            (ImbalanceProfile::OneRare { common: 9, rare: 1, samples: 0 }, 3, "class 1: 0 samples"),
            (ImbalanceProfile::Explicit(vec![1, 2]), 3, "2 counts, but there are 3 classes"),
            (ImbalanceProfile::Explicit(vec![1, 0, 2]), 3, "class 1: 0 samples"),
        ];
        for (profile, classes, expected) in cases {
            let message = profile.counts(classes).expect_err("invalid").to_string();
            assert!(message.contains(expected), "{message:?} lacks {expected:?}");
        }
    }
}
