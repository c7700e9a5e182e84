//! The laws as formulas, by the ids of their claims.

use super::mathml::{
    bracketed, entry, equal, fraction, indices, italic, number, operator, sub, sum_over_others,
};

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
pub(super) fn softmax_balance() -> String {
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
