//! The tables of analyses that compare series by tests.

use super::Drawn;
use super::escape::escape;
use super::markup::{each, text_table};
use crate::analysis::specification::TablePlan;
use crate::analysis::{ComparisonTable, Results, comparison_tables, comparisons, marks};
use std::sync::Arc;

/// Every table of the runs whose figures are shown; empty if they have none.
pub(super) fn tables(figures: &[Drawn]) -> String {
    each(runs(figures), |results| each(&results.experiment.analysis.table, |plan| comparison(results, plan)))
}

/// Each run once, though it has several figures.
fn runs(figures: &[Drawn]) -> Vec<&Arc<Results>> {
    let mut runs: Vec<&Arc<Results>> = figures.iter().filter_map(|drawn| drawn.results.as_ref()).collect();
    runs.dedup_by(|a, b| Arc::ptr_eq(a, b));
    runs
}

fn comparison(results: &Results, plan: &TablePlan) -> String {
    let tables = comparison_tables(plan, &comparisons(results, plan));
    let (id, name) = (escape(&plan.id), escape(&results.experiment.analysis.name));
    let title = escape(&results.experiment.analysis.title);
    let body = each(&tables, |table| one_measure(&plan.id, table));
    format!(
        "<h3 id=\"table-{id}\">{id}. {title}</h3>\n{body}<p><small>{}. <code>equipoise run {name}</code></small></p>\n",
        escape(&marks(plan))
    )
}

fn one_measure(id: &str, compared: &ComparisonTable) -> String {
    let label = format!("{id}, {}", compared.heading);
    format!("<p>{}</p>\n{}", escape(&compared.heading), text_table("numbers", &label, &compared.rows))
}
