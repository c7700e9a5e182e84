//! Text for LaTeX, and the file that puts a figure with its caption into a paper.

use super::render::Figure;
use std::fmt::Write;

/// What a character becomes.
enum Piece {
    Text(String),
    /// Within a formula.
    Sign(&'static str),
    Below(char),
    Above(char),
}

/// Text that any LaTeX engine sets as it reads here: its special characters escaped, Greek letters and signs as commands.
#[must_use]
pub(super) fn latex(text: &str) -> String {
    let pieces: Vec<Piece> = text.chars().map(piece).collect();
    let kind = |piece: &Piece| matches!(piece, Piece::Text(_));
    let mut set = String::with_capacity(text.len());
    // Signs that follow each other are one formula.
    for run in pieces.chunk_by(|a, b| kind(a) == kind(b)) {
        if run.first().is_some_and(kind) {
            run.iter().for_each(|piece| {
                if let Piece::Text(text) = piece {
                    set.push_str(text);
                }
            });
        } else {
            let _ = write!(set, "${}$", formula(run));
        }
    }
    set
}

/// Signs of one formula; indices that follow each other are one index.
fn formula(run: &[Piece]) -> String {
    let kind = std::mem::discriminant::<Piece>;
    let part = |same: &[Piece]| -> String {
        let letters = same.iter().filter_map(|piece| match piece {
            Piece::Below(letter) | Piece::Above(letter) => Some(*letter),
            _ => None,
        });
        let signs =
            same.iter().filter_map(|piece| if let Piece::Sign(sign) = piece { Some(*sign) } else { None });
        match same.first() {
            Some(Piece::Below(_)) => format!("_{{{}}}", letters.collect::<String>()),
            Some(Piece::Above(_)) => format!("^{{{}}}", letters.collect::<String>()),
            _ => signs.collect(),
        }
    };
    let set: String = run.chunk_by(|a, b| kind(a) == kind(b)).map(part).collect();
    set.trim_end().to_owned()
}

fn piece(character: char) -> Piece {
    let digit = |base: char| {
        let number = u32::from(character).wrapping_sub(u32::from(base));
        char::from_digit(number, 10).unwrap_or('?')
    };
    let text = match character {
        '\\' => "\\textbackslash{}",
        '~' => "\\textasciitilde{}",
        '^' => "\\textasciicircum{}",
        '–' => "--",
        '—' => "---",
        '“' => "``",
        '”' => "''",
        '’' => "'",
        '\u{a0}' => "~",
        // An empty line would end a paragraph, which captions and labels cannot.
        '\n' | '\t' => " ",
        '\u{2002}' => "\\enspace{}",
        '…' => "\\ldots{}",
        // A mark set over the letter before it has no command of its own.
        '\u{304}' => "",
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => return Piece::Text(format!("\\{character}")),
        '₀'..='₉' => return Piece::Below(digit('₀')),
        'ₖ' => return Piece::Below('k'),
        '¹' => return Piece::Above('1'),
        '²' => return Piece::Above('2'),
        '³' => return Piece::Above('3'),
        '⁻' => return Piece::Above('-'),
        '⁰' | '⁴'..='⁹' => return Piece::Above(digit('⁰')),
        other => return formula_sign(other).map_or_else(|| Piece::Text(other.to_string()), Piece::Sign),
    };
    Piece::Text(text.to_owned())
}

/// Letters and signs of formulas.
fn formula_sign(character: char) -> Option<&'static str> {
    Some(match character {
        '<' => "<",
        '>' => ">",
        '|' => "|",
        'α' => "\\alpha ",
        'β' => "\\beta ",
        'γ' => "\\gamma ",
        'δ' => "\\delta ",
        'ε' => "\\varepsilon ",
        'λ' => "\\lambda ",
        'μ' => "\\mu ",
        'ν' => "\\nu ",
        'π' => "\\pi ",
        'σ' => "\\sigma ",
        'τ' => "\\tau ",
        'ω' => "\\omega ",
        'Σ' | '∑' => "\\sum ",
        'ℓ' => "\\ell ",
        '∂' => "\\partial ",
        '∝' => "\\propto ",
        '∞' => "\\infty ",
        '√' => "\\surd ",
        '×' => "\\times ",
        '·' => "\\cdot ",
        '±' => "\\pm ",
        '−' => "-",
        '≤' => "\\le ",
        '≥' => "\\ge ",
        '≠' => "\\ne ",
        '≈' => "\\approx ",
        '→' => "\\to ",
        '▲' => "\\blacktriangle ",
        '▼' => "\\blacktriangledown ",
        _ => return None,
    })
}

/// Widths in points between those of figures for one column and for two.
const BETWEEN: f64 = 360.0;

/// `\input` this: a floating figure with its caption and a label, of one column or of two as its width asks for.
pub(super) fn include_file(figure: &Figure) -> String {
    let stem = &figure.file_stem;
    let environment = if figure.width_in_points() > BETWEEN { "figure*" } else { "figure" };
    format!(
        "% {stem}: \\input this file; needs \\usepackage{{graphicx,amssymb}} and {stem}.pdf beside it.\n\
         \\begin{{{environment}}}\n  \\centering\n  \\includegraphics[width={:.3}in]{{{stem}}}\n  \\caption{{{}}}\n  \\label{{fig:{}}}\n\
         \\end{{{environment}}}\n",
        figure.width_in_points() / super::theme::POINTS_PER_INCH,
        latex(&figure.caption),
        figure.id
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_set_as_they_read() {
        for (text, expected) in [
            ("50% & more_less #1", "50\\% \\& more\\_less \\#1"),
            ("a{b}~c^d\\e", "a\\{b\\}\\textasciitilde{}c\\textasciicircum{}d\\textbackslash{}e"),
            ("β = 5, λ₁N₁₀", "$\\beta$ = 5, $\\lambda _{1}$N$_{10}$"),
            ("3 × 10⁻¹³", "3 $\\times$ 10$^{-13}$"),
            ("“x” – y’s < 2", "``x'' -- y's $<$ 2"),
            ("naïve", "naïve"),
            ("one\n\ntwo\tthree", "one  two three"),
        ] {
            assert_eq!(latex(text), expected);
        }
    }
}
