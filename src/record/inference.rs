//! Standard errors, z values and confidence intervals of coefficients.

use crate::balance::ColumnErrors;
use serde::Serialize;
use statrs::function::erf::erfc;

/// The two-sided 95% point of the normal distribution.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// One column of logits.
#[derive(Debug, Serialize)]
pub struct InferenceRecord {
    /// The class that the column speaks of.
    pub class: String,
    /// The class that it is held against; absent where it speaks of its class against all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Of every feature, and of the intercept.
    pub estimates: Vec<Coefficient>,
}

/// One coefficient or the intercept.
#[derive(Debug, Serialize)]
pub struct Coefficient {
    /// Its name.
    pub name: String,
    /// Its value.
    pub estimate: f64,
    /// From the Hessian; absent under class weights, with which there is no likelihood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classic: Option<Uncertainty>,
    /// From the sandwich (HC0).
    pub robust: Uncertainty,
}

/// How far an estimate may be off.
#[derive(Debug, Serialize)]
pub struct Uncertainty {
    /// Standard deviation of the estimate.
    pub standard_error: f64,
    /// The estimate in units of it.
    pub z: f64,
    /// Two-sided, of the normal distribution.
    pub p: f64,
    /// 95%.
    pub interval: [f64; 2],
}

impl Uncertainty {
    fn of(estimate: f64, standard_error: f64) -> Self {
        let (z, half_width) = (estimate / standard_error, NORMAL_95 * standard_error);
        let p = erfc(z.abs() / std::f64::consts::SQRT_2);
        Self { standard_error, z, p, interval: [estimate - half_width, estimate + half_width] }
    }
}

impl InferenceRecord {
    /// Of the standard errors of all columns.
    #[must_use]
    pub fn of(found: &[ColumnErrors], features: &[String], classes: &[String]) -> Vec<Self> {
        let names = [features, &["intercept".to_owned()]].concat();
        let column = |column: &ColumnErrors| {
            let estimates =
                names.iter().zip(&column.estimates).enumerate().map(|(place, (name, &estimate))| {
                    let classic = column
                        .standard_errors
                        .as_ref()
                        .map(|errors| Uncertainty::of(estimate, errors[place]));
                    let robust = Uncertainty::of(estimate, column.robust[place]);
                    Coefficient { name: name.clone(), estimate, classic, robust }
                });
            Self {
                class: classes[column.class].clone(),
                against: column.reference.map(|reference| classes[reference].clone()),
                estimates: estimates.collect(),
            }
        };
        found.iter().map(column).collect()
    }
}
