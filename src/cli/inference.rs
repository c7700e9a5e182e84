//! Standard errors, z values and confidence intervals of coefficients, as statsmodels prints them.

use super::output::{Style, columns, numbers_right, short_name};
use equipoise::numeric::significant;
use equipoise::record::InferenceRecord;

/// One column of logits as a table.
pub(super) fn table(found: &InferenceRecord, style: Style) -> String {
    let against =
        found.against.as_ref().map_or_else(|| "all others".to_owned(), |against| format!("class {against}"));
    let mut text = format!("class {} against {against}\n", found.class);
    let heads = ["", "coefficient", "std err", "z", "P>|z|", "[0.025", "0.975]", "robust std err"];
    let mut rows = vec![heads.map(|head| style.strong(head)).to_vec()];
    for estimate in &found.estimates {
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
