//! How to read the page: symbols, the balance law they serve, and what the columns of the verdict table mean.

use super::formulas;
use super::markup::table;
use super::mathml::{displayed, indices, inline, italic, operator, sub, total};
use super::number::residual;

/// The section's content, for claims held to `tolerance`.
pub(super) fn notation(tolerance: f64) -> String {
    let rows = symbols().map(|(symbol, meaning)| vec![inline(&symbol), meaning.to_owned()]);
    let symbols = table("notation", "Notation", &["Symbol", "Meaning"], &rows);
    let (law, softmax) = (displayed(&balance_law()), displayed(&formulas::softmax_balance()));
    let (outflow, inflow) = (inline(&sub("u", "k")), inline(&formulas::inflow()));
    let tolerance = residual(tolerance);
    format!(
        "<p>A classifier that has converged sits where the gradient of its loss is zero. The part of that gradient \
         that belongs to the intercept of one class is a sum over samples, so the samples of that class and all \
         other samples must cancel:</p>\n{law}\
         <p>The left side is the <em>outflow</em> of class <i>k</i>: what its own samples withhold from it. The \
         right side is its <em>inflow</em>: what the samples of other classes give it. The derivative is taken of \
         each sample’s weighted loss ℓ<sub>i</sub> by its logit for class <i>k</i>, so this holds for any loss, \
         any features and any network whose intercept is not penalised. For softmax it reads</p>\n{softmax}\
         <p>which says that outflow {outflow} equals inflow {inflow}. Most claims below are this law for one loss, \
         or follow from it.</p>\n{symbols}\
         <h3>What the table of claims shows</h3>\n\
         <p><strong>Residual</strong> is by how much the two sides of a law differ, relative to the larger one; for \
         an inequality it is the excess over the bound, so 0 means that the bound was kept. A claim holds when the \
         worst residual over all its set-ups is at most the tolerance, {tolerance}, which was fixed before anything \
         was measured. A <strong>set-up</strong> is one problem: data, class weights and penalty, solved until its \
         gradient is zero to rounding.</p>\n\
         <p>A <strong>control</strong> evaluates the same law at a point that is <em>not</em> converged. There the \
         law must be seen to fail; a control is <em>caught</em> when its residual is above the tolerance. Without \
         controls, a check that always says yes would look like a success.</p>\n"
    )
}

fn symbols() -> [(String, &'static str); 6] {
    let matrix_entry = format!("{}{}", italic("P"), indices("c", "k"));
    [
        (sub("N", "c"), "number of samples of class <i>c</i>"),
        (sub("λ", "c"), "class weight: every sample of class <i>c</i> counts this many times"),
        (
            format!("{}{}{}{}", sub("m", "c"), operator("="), sub("λ", "c"), sub("N", "c")),
            "weighted mass of class <i>c</i>",
        ),
        (
            matrix_entry,
            "mean predicted probability of class <i>k</i> over the samples whose true class is <i>c</i>; together \
             the <em>mean-probability matrix</em>, rows by true class, columns by predicted class",
        ),
        (
            format!("{}{}{}", sub("s", "k"), operator("="), formulas::shortfall()),
            "shortfall of class <i>k</i>: how far its own samples stay below probability 1 on average",
        ),
        (
            format!("{}{}{}{}", sub("u", "k"), operator("="), sub("m", "k"), sub("s", "k")),
            "outflow of class <i>k</i>: weighted mass that its samples do not give to it",
        ),
    ]
}

/// The general law, outflow on the left and inflow on the right.
fn balance_law() -> String {
    let derivative = format!(
        "<mfrac><mrow><mo>∂</mo>{}</mrow><mrow><mo>∂</mo>{}</mrow></mfrac>",
        sub("ℓ", "i"),
        "<msubsup><mi>z</mi><mi>i</mi><mi>k</mi></msubsup>"
    );
    let over = |relation: &str| total(&format!("{}{}{}", sub("y", "i"), operator(relation), italic("k")));
    format!("{}{}{derivative}{}{}{derivative}", operator("−"), over("="), operator("="), over("≠"))
}
