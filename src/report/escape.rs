//! Text escaped for HTML.

use crate::text::is_unprintable;

/// `text` with every character that HTML would read as markup replaced, in elements and in quoted attributes alike.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Controls of terminals and of the direction of text.
            other if is_unprintable(other) && !other.is_ascii_whitespace() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Escapes `text` and sets what it writes as subscripts, by character (`Nₖ`) or by underscore (`N_c`), as real ones;
/// differences and entries of matrices stay on one line.
pub(super) fn prose(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut html = String::with_capacity(text.len());
    let mut place = 0;
    while place < characters.len() {
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

/// The subscript that starts at `place`, empty if none does, and the number of characters it is written with.
fn subscript(characters: &[char], place: usize) -> (String, usize) {
    let at = |index: usize| characters.get(index).copied().unwrap_or(' ');
    let before = place.checked_sub(1).map_or(' ', at);
    // An underscore between words (`pos_weight`) is just that: an index is one letter.
    let underscored = at(place) == '_' && is_part_of_symbol(before) && at(place + 1).is_ascii_alphanumeric();
    let (mut letters, mut length) = (String::new(), 1);
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
    fn markup_becomes_text() {
        assert_eq!(escape("a\n\u{1b}\u{202e}"), "a\n\u{fffd}\u{fffd}");
        assert_eq!(escape("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
    }

    #[test]
    fn subscripts_are_set_below() {
        assert_eq!(prose("Nₖsₖ < 1"), "N<sub>k</sub>s<sub>k</sub> &lt; 1");
        assert_eq!(prose("λ₁₀*/N_c*"), "λ<sub>10*</sub>/N<sub>c*</sub>");
        assert_eq!(prose("(l_c + l̄)v_c_ P̄ₖ"), "(l<sub>c</sub> + l̄)v_c_ P̄<sub>k</sub>");
        assert_eq!(prose("2 * 3, pos_weight _a_"), "2 * 3, pos_weight _a_");
    }

    #[test]
    fn formulas_are_not_torn_apart() {
        assert_eq!(prose("1 − P[k][k]"), "1&nbsp;−&nbsp;P[k]&#8288;[k]");
    }
}
