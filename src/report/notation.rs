//! How to read the page: symbols and the general balance law, formulas as `MathML`.

/// Symbol and meaning, symbols as `MathML`.
const SYMBOLS: [(&str, &str); 7] = [
    ("<msub><mi>N</mi><mi>c</mi></msub>", "samples of class c"),
    ("<msub><mi>λ</mi><mi>c</mi></msub>", "class weight: each sample of class c counts that many times"),
    (
        "<msub><mi>m</mi><mi>c</mi></msub><mo>=</mo><msub><mi>λ</mi><mi>c</mi></msub><msub><mi>N</mi><mi>c</mi></msub>",
        "weighted mass of class c; M is their sum",
    ),
    (
        "<mi>P</mi><mo>[</mo><mi>c</mi><mo>]</mo><mo>[</mo><mi>k</mi><mo>]</mo>",
        "mean probability of class k over the samples of class c: row = true class, column = predicted class",
    ),
    (
        "<msub><mi>s</mi><mi>k</mi></msub><mo>=</mo><mn>1</mn><mo>−</mo><mi>P</mi><mo>[</mo><mi>k</mi><mo>]</mo><mo>[</mo><mi>k</mi><mo>]</mo>",
        "shortfall of class k: the probability its own samples withhold from it",
    ),
    (
        "<msub><mi>m</mi><mi>k</mi></msub><msub><mi>s</mi><mi>k</mi></msub>",
        "outflow of class k: weighted probability that its samples give away",
    ),
    (
        "<munder><mo>∑</mo><mrow><mi>c</mi><mo>≠</mo><mi>k</mi></mrow></munder><msub><mi>m</mi><mi>c</mi></msub><mi>P</mi><mo>[</mo><mi>c</mi><mo>]</mo><mo>[</mo><mi>k</mi><mo>]</mo>",
        "inflow of class k: weighted probability that other classes' samples give to it",
    ),
];

/// Where the gradient by the intercept vanishes, what leaves a class enters it.
const BALANCE: &str = "<msub><mi>λ</mi><mi>k</mi></msub><msub><mi>N</mi><mi>k</mi></msub><mo>(</mo><mn>1</mn><mo>−</mo>\
<mi>P</mi><mo>[</mo><mi>k</mi><mo>]</mo><mo>[</mo><mi>k</mi><mo>]</mo><mo>)</mo><mo>=</mo>\
<munder><mo>∑</mo><mrow><mi>c</mi><mo>≠</mo><mi>k</mi></mrow></munder>\
<msub><mi>λ</mi><mi>c</mi></msub><msub><mi>N</mi><mi>c</mi></msub>\
<mi>P</mi><mo>[</mo><mi>c</mi><mo>]</mo><mo>[</mo><mi>k</mi><mo>]</mo>";

/// The section on notation.
pub(super) fn section() -> String {
    let rows: String = SYMBOLS
        .iter()
        .map(|(symbol, meaning)| format!("<tr><td><math>{symbol}</math></td><td>{meaning}</td></tr>\n"))
        .collect();
    format!(
        "<section id=\"reading\"><h2>How to read this page</h2>\n\
         <p>A loss over a linear head with a free intercept can only be stationary where the gradient by every \
         intercept is zero. For softmax that is one balance per class, outflow = inflow:</p>\n\
         <p class=\"formula\"><math display=\"block\">{BALANCE}</math></p>\n\
         <p>Other losses have balances of the same kind. Each claim below is such a law, or what follows from it. A \
         <em>residual</em> is the difference of both sides beside the larger one; at a stationary point only rounding \
         error is left. A <em>control</em> is the same law at a point that is not stationary: it must be seen to fail, \
         or the check would prove nothing.</p>\n\
         <div class=\"scroll\"><table><thead><tr><th>symbol</th><th>meaning</th></tr></thead><tbody>\n{rows}</tbody></table></div></section>\n"
    )
}
