//! Formulas in `MathML`, which browsers set without help.

/// A formula on a line of its own.
pub(super) fn displayed(formula: &str) -> String {
    format!("<div class=\"formula\"><math display=\"block\">{formula}</math></div>\n")
}

/// A formula in running text.
pub(super) fn inline(formula: &str) -> String {
    format!("<math>{formula}</math>")
}

/// A symbol of one letter.
pub(super) fn italic(letter: &str) -> String {
    format!("<mi>{letter}</mi>")
}

/// A sign between its sides.
pub(super) fn operator(sign: &str) -> String {
    format!("<mo>{sign}</mo>")
}

/// A symbol with an index.
pub(super) fn sub(base: &str, index: &str) -> String {
    format!("<msub><mi>{base}</mi><mi>{index}</mi></msub>")
}

/// The indices of a matrix entry, `[c][k]`.
pub(super) fn indices(row: &str, column: &str) -> String {
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
pub(super) fn bracketed(formula: &str) -> String {
    format!("<mrow><mo>(</mo>{formula}<mo>)</mo></mrow>")
}

/// A fraction.
pub(super) fn fraction(above: &str, below: &str) -> String {
    format!("<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>")
}

/// A sum over the classes other than `k`.
pub(super) fn sum_over_others(term: &str) -> String {
    format!("{}{term}", total(&format!("{}{}{}", italic("c"), operator("≠"), italic("k"))))
}

/// Both sides of an equation.
pub(super) fn equal(left: &str, right: &str) -> String {
    format!("{left}{}{right}", operator("="))
}
