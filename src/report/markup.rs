//! Text for HTML, escaped and with its subscripts; lists and tables. Every argument named `html` is HTML already; other
//! text is escaped here.

pub(super) use crate::figure::escape;

/// The HTML of every item, one after the other.
pub(super) fn each<T>(items: impl IntoIterator<Item = T>, html: impl Fn(T) -> String) -> String {
    items.into_iter().map(html).collect::<Vec<_>>().concat()
}

/// A table that scrolls inside its own frame where the screen is narrower, and can be reached by keyboard for that.
/// The first cell of a row is its heading.
pub(super) fn table(class: &str, label: &str, headings: &[&str], html_rows: &[Vec<String>]) -> String {
    let headings = each(headings, |heading| format!("<th scope=\"col\">{}</th>", escape(heading)));
    let rows = each(html_rows, |cells| {
        let cells = each(cells.iter().enumerate(), |(column, html)| {
            if column == 0 { format!("<th scope=\"row\">{html}</th>") } else { format!("<td>{html}</td>") }
        });
        format!("<tr>{cells}</tr>\n")
    });
    let label = escape(label);
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\n<table class=\"{class}\">\n\
         <thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    )
}

/// The same of rows of plain text, the first of which holds the headings; nothing where there is none.
pub(super) fn text_table(class: &str, label: &str, rows: &[Vec<String>]) -> String {
    let Some((headings, rows)) = rows.split_first() else { return String::new() };
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let html_rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| escape(cell)).collect()).collect();
    table(class, label, &headings, &html_rows)
}

/// A term and what there is to say of it, for a description list.
pub(super) fn described(term: &str, html: &str) -> String {
    format!("<dt>{}</dt><dd>{html}</dd>\n", escape(term))
}

/// Escapes `text` and sets what it writes as subscripts, by character (`Nₖ`) or by underscore (`N_c`, `P_test`), and as powers
/// (`p^k`) as real ones; differences and entries of matrices stay on one line.
pub(super) fn prose(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut html = String::with_capacity(text.len());
    let mut place = 0;
    while place < characters.len() {
        if let Some(letter) = superscript(&characters, place) {
            html.push_str(&format!("<sup>{letter}</sup>"));
            place += 2;
            continue;
        }
        let (letters, length) = subscript(&characters, place);
        if letters.is_empty() {
            html.push_str(&escape(characters[place].encode_utf8(&mut [0; 4])));
        } else {
            html.push_str(&format!("<sub>{letters}</sub>"));
        }
        place += length;
    }
    html.replace(" − ", "&nbsp;−&nbsp;").replace("][", "]&#8288;[")
}

/// The letter or digit above the line that starts at `place`.
fn superscript(characters: &[char], place: usize) -> Option<char> {
    let letter = *characters.get(place + 1)?;
    let ends = characters.get(place + 2).is_none_or(|next| !next.is_ascii_alphanumeric());
    (characters[place] == '^' && letter.is_ascii_alphanumeric() && ends).then_some(letter)
}

/// The subscript that starts at `place`, empty if none does, and the number of characters it is written with.
fn subscript(characters: &[char], place: usize) -> (String, usize) {
    let at = |index: usize| characters.get(index).copied().unwrap_or(' ');
    let before = place.checked_sub(1).map_or(' ', at);
    let two_before = place.checked_sub(2).map_or(' ', at);
    // An underscore between words (`pos_weight`) is just that: an index is one letter, or the word behind a single letter.
    let is_symbol = is_part_of_symbol(before) || (before == '*' && is_part_of_symbol(two_before));
    let underscored = at(place) == '_' && is_symbol && at(place + 1).is_ascii_alphanumeric();
    let word = || characters[place + 1..].iter().take_while(|letter| letter.is_ascii_lowercase());
    let (mut letters, mut length) = (String::new(), 1);
    if underscored && before.is_uppercase() && !two_before.is_alphanumeric() && word().count() > 1 {
        letters.extend(word());
        return (letters.clone(), 1 + letters.len());
    }
    if underscored && !at(place + 2).is_ascii_alphanumeric() && at(place + 2) != '_' {
        letters.push(at(place + 1));
        length = 2;
    } else {
        letters.extend(characters[place..].iter().map_while(|&character| lowered(character)));
        length = length.max(letters.len());
    }
    // A star right after an index belongs to it (`c*`), not to the symbol.
    if !letters.is_empty() && at(place + length) == '*' {
        letters.push('*');
        length += 1;
    }
    (letters, length)
}

/// Letters and the marks set over them.
fn is_part_of_symbol(character: char) -> bool {
    character.is_alphabetic() || character == '\u{304}'
}

/// The letter or digit of a subscript character.
fn lowered(character: char) -> Option<char> {
    match character {
        '₀'..='₉' => char::from_digit(character as u32 - '₀' as u32, 10),
        'ₖ' => Some('k'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscripts_are_set_below() {
        assert_eq!(prose("Nₖsₖ < 1"), "N<sub>k</sub>s<sub>k</sub> &lt; 1");
        assert_eq!(prose("λ₁₀*/N_c*"), "λ<sub>10*</sub>/N<sub>c*</sub>");
        assert_eq!(prose("(l_c + l̄)v_c_ P̄ₖ"), "(l<sub>c</sub> + l̄)v_c_ P̄<sub>k</sub>");
        assert_eq!(prose("2 * 3, pos_weight _a_"), "2 * 3, pos_weight _a_");
        assert_eq!(
            prose("u*_k, P_test[c] of q_c^k, x^2y"),
            "u*<sub>k</sub>, P<sub>test</sub>[c] of q<sub>c</sub><sup>k</sup>, x^2y"
        );
    }

    #[test]
    fn formulas_are_not_torn_apart() {
        assert_eq!(prose("1 − P[k][k]"), "1&nbsp;−&nbsp;P[k]&#8288;[k]");
    }
}
