//! Standard errors, z values and confidence intervals of coefficients, as statsmodels prints them.

use super::output::{Style, columns, numbers_right, short_name};
use equipoise::balance::ColumnErrors;
use equipoise::numeric::significant;
use serde::Serialize;
use statrs::function::erf::erfc;

/// The two-sided 95% point of the normal distribution.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// One column of logits.
#[derive(Debug, Serialize)]
pub(super) struct Inference {
    class: String,
    /// The class that it is held against; absent where it speaks of its class against all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<String>,
    estimates: Vec<Coefficient>,
}

/// One coefficient or the intercept.
#[derive(Debug, Serialize)]
struct Coefficient {
    name: String,
    estimate: f64,
    /// From the Hessian; absent under class weights, with which there is no likelihood.
    #[serde(skip_serializing_if = "Option::is_none")]
    classic: Option<Uncertainty>,
    /// From the sandwich (HC0).
    robust: Uncertainty,
}

#[derive(Debug, Serialize)]
struct Uncertainty {
    standard_error: f64,
    z: f64,
    /// Two-sided, of the normal distribution.
    p: f64,
    /// 95%.
    interval: [f64; 2],
}

impl Uncertainty {
    fn of(estimate: f64, standard_error: f64) -> Self {
        let (z, half_width) = (estimate / standard_error, NORMAL_95 * standard_error);
        let p = erfc(z.abs() / std::f64::consts::SQRT_2);
        Self { standard_error, z, p, interval: [estimate - half_width, estimate + half_width] }
    }
}

impl Inference {
    pub(super) fn of(found: &[ColumnErrors], features: &[String], classes: &[String]) -> Vec<Self> {
        let names = [features, &["intercept".to_owned()]].concat();
        let column = |column: &ColumnErrors| {
            let estimates = names.iter().enumerate().map(|(place, name)| {
                let estimate = column.estimates[place];
                let classic =
                    column.standard_errors.as_ref().map(|errors| Uncertainty::of(estimate, errors[place]));
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

    pub(super) fn table(&self, style: Style) -> String {
        let against = self
            .against
            .as_ref()
            .map_or_else(|| "all others".to_owned(), |against| format!("class {against}"));
        let mut text = format!("class {} against {against}\n", self.class);
        let heads = ["", "coefficient", "std err", "z", "P>|z|", "[0.025", "0.975]", "robust std err"];
        let mut rows = vec![heads.map(|head| style.strong(head)).to_vec()];
        for estimate in &self.estimates {
            let shown = estimate.classic.as_ref().unwrap_or(&estimate.robust);
            let numbers =
                [shown.z, shown.p, shown.interval[0], shown.interval[1]].map(|number| significant(number, 4));
            let error = estimate
                .classic
                .as_ref()
                .map_or_else(|| "none".to_owned(), |classic| significant(classic.standard_error, 4));
            let mut row = vec![short_name(&estimate.name), significant(estimate.estimate, 5), error];
            row.extend(numbers);
            row.push(significant(estimate.robust.standard_error, 4));
            rows.push(row);
        }
        text += &columns(&rows, &numbers_right(heads.len()));
        text
    }
}
