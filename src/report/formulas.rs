//! The laws as formulas, by the ids of their claims; how they are set (`MathML`), and what their symbols mean.

use super::formulas;
use super::markup::table;
use super::results::residual;
use crate::claims::{claim_follows_from, claim_ids};

/// The formula of a claim, where it is one.
pub(super) fn law(id: &str) -> Option<String> {
    let formula = match id {
        "B1" => equal(&positives(&bracketed(&one_minus(&sub("P", "1")))), &negatives(&sub("P", "0"))),
        "B2" => equal(&error_ratio(), &fraction(&negatives(""), &positives(""))),
        "B3" => equal(&sub("s", "1"), &sub("P", "0")),
        "B5" => softmax_balance(),
        "B6" => one_vs_all_balance(),
        "I1" => format!(
            "<msup>{}<mn>2</mn></msup>",
            bracketed(&format!("{}{}{}", italic("K"), operator("−"), number("1")))
        ),
        "I2" => {
            equal(&format!("<munder><mo>∑</mo><mi>c</mi></munder>{}", entry("P", "c", "k")), &number("1"))
        }
        "A1" => pooled_balance(),
        "A2" => neglect_bound(),
        "R1" => {
            equal(&sub("s", "k"), &sum_over_others(&format!("{}{}", sub("ω", "c"), entry("P", "c", "k"))))
        }
        "R2" => attached_balance(),
        "R3" => guarantee(),
        _ => return None,
    };
    Some(formula)
}

/// B5.
fn softmax_balance() -> String {
    let outflow = format!("{}{}{}", sub("λ", "k"), sub("N", "k"), bracketed(&shortfall()));
    equal(&outflow, &inflow())
}

/// The weighted mass that other classes give to class `k`.
pub(super) fn inflow() -> String {
    sum_over_others(&format!("{}{}{}", sub("λ", "c"), sub("N", "c"), entry("P", "c", "k")))
}

/// `1 - P[k][k]`.
pub(super) fn shortfall() -> String {
    one_minus(&entry("P", "k", "k"))
}

fn one_minus(formula: &str) -> String {
    format!("{}{}{formula}", number("1"), operator("−"))
}

fn positives(factor: &str) -> String {
    format!("{}{}{factor}", sub("λ", "1"), sub("N", "1"))
}

fn negatives(factor: &str) -> String {
    format!("{}{}{factor}", sub("λ", "0"), sub("N", "0"))
}

fn error_ratio() -> String {
    fraction(&sub("s", "1"), &sub("P", "0"))
}

fn one_vs_all_balance() -> String {
    let weight = |row, column| format!("{}{}", italic("A"), indices(row, column));
    let left = format!("{}{}{}", weight("k", "k"), sub("N", "k"), sub("s", "k"));
    equal(&left, &sum_over_others(&format!("{}{}{}", weight("c", "k"), sub("N", "c"), entry("P", "c", "k"))))
}

fn pooled_balance() -> String {
    let others = bracketed(&format!("{}{}{}", italic("N"), operator("−"), sub("N", "k")));
    let mean = "<msub><mover><mi>P</mi><mo>¯</mo></mover><mi>k</mi></msub>";
    equal(&format!("{}{}", sub("N", "k"), sub("s", "k")), &format!("{others}{mean}"))
}

fn neglect_bound() -> String {
    let bound = fraction(&format!("{}{}", sub("N", "k"), sub("s", "k")), &sub("N", "c*"));
    let least = bracketed(&format!("{}<mo>,</mo>{bound}", number("1")));
    format!("{}{}<mi>min</mi>{least}", entry("P", "c*", "k"), operator("≤"))
}

fn attached_balance() -> String {
    let mean_loss = "<mover><mi>l</mi><mo>¯</mo></mover>";
    let deviation = bracketed(&format!("{}{}{mean_loss}", sub("l", "c"), operator("−")));
    let reweighted =
        format!("{}{}{}{deviation}{}", entry("P", "c", "k"), operator("+"), italic("β"), sub("v", "c"));
    equal(&sub("s", "k"), &sum_over_others(&format!("{}{}", sub("ω", "c"), bracketed(&reweighted))))
}

fn guarantee() -> String {
    let largest = format!("<munder><mi>max</mi><mi>c</mi></munder>{}", entry("P", "c", "k"));
    let classes = bracketed(&format!("{}{}{}", italic("K"), operator("−"), number("1")));
    let slack = fraction(&format!("<mi>log</mi>{classes}"), &italic("β"));
    format!("{largest}{}{}{}{slack}", operator("≤"), sub("s", "k"), operator("+"))
}

/// A formula on a line of its own.
pub(super) fn displayed(formula: &str) -> String {
    format!("<div class=\"formula\"><math display=\"block\">{formula}</math></div>\n")
}

/// A formula in running text.
pub(super) fn inline(formula: &str) -> String {
    format!("<math>{formula}</math>")
}

/// A symbol of one letter.
fn italic(letter: &str) -> String {
    format!("<mi>{letter}</mi>")
}

/// A sign between its sides.
fn operator(sign: &str) -> String {
    format!("<mo>{sign}</mo>")
}

/// A symbol with an index.
pub(super) fn sub(base: &str, index: &str) -> String {
    format!("<msub><mi>{base}</mi><mi>{index}</mi></msub>")
}

/// The indices of a matrix entry, `[c][k]`.
fn indices(row: &str, column: &str) -> String {
    let index =
        |letter| format!("<mo stretchy=\"false\">[</mo><mi>{letter}</mi><mo stretchy=\"false\">]</mo>");
    format!("{}{}", index(row), index(column))
}

/// A sum over a range.
pub(super) fn total(range: &str) -> String {
    format!("<munder><mo>∑</mo><mrow>{range}</mrow></munder>")
}

/// A number.
pub(super) fn number(digits: &str) -> String {
    format!("<mn>{digits}</mn>")
}

/// A matrix entry.
pub(super) fn entry(matrix: &str, row: &str, column: &str) -> String {
    format!("{}{}", italic(matrix), indices(row, column))
}

/// Something in parentheses.
fn bracketed(formula: &str) -> String {
    format!("<mrow><mo>(</mo>{formula}<mo>)</mo></mrow>")
}

/// A fraction.
fn fraction(above: &str, below: &str) -> String {
    format!("<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>")
}

/// A sum over the classes other than `k`.
fn sum_over_others(term: &str) -> String {
    format!("{}{term}", total(&format!("{}{}{}", italic("c"), operator("≠"), italic("k"))))
}

/// Both sides of an equation.
pub(super) fn equal(left: &str, right: &str) -> String {
    format!("{left}{}{right}", operator("="))
}

/// The section's content, for claims held to `tolerance`.
pub(super) fn notation(tolerance: f64) -> String {
    let rows = symbols().map(|(symbol, meaning)| vec![inline(&symbol), meaning.to_owned()]);
    let symbols = table("notation", "Notation", &["Symbol", "Meaning"], &rows);
    let losses = table("notation", "Losses", &["Loss", "What is minimised", "Figures"], &losses());
    let (law, softmax) = (displayed(&balance_law()), displayed(&formulas::softmax_balance()));
    let (outflow, inflow) = (inline(&sub("u", "k")), inline(&formulas::inflow()));
    let tolerance = residual(tolerance);
    let ids = claim_ids();
    let independent = ids.iter().filter(|id| claim_follows_from(id).is_empty()).count();
    let total = ids.len();
    format!(
        "<p>A classifier that has converged sits where the gradient of its loss, over its training data, is zero. The part of that gradient \
         that belongs to the intercept of one class is a sum over samples, so the samples of that class and all \
         other samples must cancel:</p>\n{law}\
         <p>The left side is the <em>outflow</em> of class <i>k</i>: what its own samples withhold from it. The \
         right side is its <em>inflow</em>: what the samples of other classes give it. The derivative is taken of \
         each sample’s weighted loss ℓ<sub>i</sub> by its logit for class <i>k</i>, so this holds for any loss, \
         any features and any network whose intercept is not penalised. For softmax it reads</p>\n{softmax}\
         <p>which says that outflow {outflow} equals inflow {inflow}. Many claims below are this law for one loss, \
         or follow from it: {independent} of the {total} claims of <code>equipoise verify</code> are independent, and the others say \
         from which they follow.</p>\n{symbols}<h3>Losses</h3>\n{losses}\
         <h3>What the table of claims shows</h3>\n\
         <p><strong>Residual</strong> is by how much the two sides of a law differ, relative to the larger one; for \
         an inequality it is the excess over the bound, so 0 means that the bound was kept. A claim holds when the \
         worst residual over all its set-ups is at most the tolerance, {tolerance}, which was fixed before anything \
         was measured. Claims that compare designs are inequalities with margins, and their residual is the miss. A <strong>set-up</strong> is one problem: data, class weights and penalty, solved until its \
         gradient is zero to rounding.</p>\n\
         <p>A <strong>control</strong> evaluates the same law at a point that is <em>not</em> converged, or a claim on a design where it \
         does not hold. There it must be seen to fail; a control is <em>caught</em> when its residual is above the tolerance. Without \
         controls, a check that always says yes would look like a success.</p>\n"
    )
}

/// The losses of the paper by the names that figures use, with their colours there.
fn losses() -> Vec<Vec<String>> {
    let row = |name: &str, meaning: &str, colour: &str| {
        vec![name.to_owned(), meaning.to_owned(), colour.to_owned()]
    };
    vec![
        row(
            "SML",
            "softmax loss (cross-entropy): the weighted mean of −log <i>p</i> of each sample’s own class, with \
             <i>p</i> = exp(<i>z</i><sub>k</sub>) / Σ exp(<i>z</i><sub>j</sub>) over the logits <i>z</i>",
            "grey",
        ),
        row(
            "LGL",
            "logistic loss, one-vs-all: for every class <i>k</i> a binary problem of its own, its samples against all others, with \
             <i>p</i> = 1 / (1 + exp(−<i>z</i><sub>k</sub>)); with two classes, plain binary logistic regression",
            "orange",
        ),
        row(
            "LGL-INR, β",
            "LGL whose others enter class by class: the means of −log(1 − <i>p</i>) over each other class <i>c</i> are weighted by \
             <i>ω</i><sub>c</sub> ∝ exp(β <i>P</i>[<i>c</i>][<i>k</i>]), so that a larger β leans to the hardest class. <em>Detached</em>: \
             <i>ω</i> counts as constant in the gradient. <em>Attached</em>, the default: it does not",
            "blue",
        ),
        row(
            "balanced, inverse frequency",
            "class weights <i>λ</i><sub>c</sub> = <i>N</i> / (<i>K</i> <i>N</i><sub>c</sub>), so that every class has the same mass",
            "dashed, or another colour",
        ),
        row(
            "others",
            "focal, label smoothing, logit adjustment, LDAM, seesaw and more: <code>equipoise losses</code> has their equations",
            "green, purple, light blue, amber",
        ),
    ]
}

fn symbols() -> [(String, &'static str); 13] {
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
        (
            format!("{}<mo>,</mo>{}<mo>,</mo>{}", italic("K"), italic("N"), italic("M")),
            "numbers of classes and of samples; weighted mass of all classes, Σ <i>m</i><sub>c</sub>",
        ),
        (
            "<msub><mover><mi>P</mi><mo>¯</mo></mover><mi>k</mi></msub>".to_owned(),
            "mean probability of class <i>k</i> over the samples of all other classes together",
        ),
        (
            sub("c", "*"),
            "the hardest other class of <i>k</i>: the one with the largest mean probability <i>P</i>[<i>c</i>][<i>k</i>]",
        ),
        (
            format!("{}{}{}{}", entry("F", "c", "k"), operator("="), sub("m", "c"), entry("P", "c", "k")),
            "flow: weighted mass of class <i>c</i> that is predicted as <i>k</i>",
        ),
        (
            format!("{}<mo>,</mo>{}<mo>,</mo>{}", sub("ω", "c"), sub("l", "c"), sub("v", "c")),
            "of LGL-INR: the weight of class <i>c</i> among the others; its means of −log(1 − <i>p</i>) and of <i>p</i>(1 − <i>p</i>); \
             <i>l̄</i> is the weighted mean of the <i>l</i><sub>c</sub>",
        ),
        (
            "<mi>l2</mi>".to_owned(),
            "L2 penalty: l2/2 times the squared norm of the coefficients is added to the mean loss; intercepts are free",
        ),
        (
            format!("{}<mo>,</mo>{}", sub("D", "k"), italic("d")),
            "out of sample: inflow less outflow of class <i>k</i> on other data; number of features",
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
