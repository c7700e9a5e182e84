//! Text escaped for SVG and HTML.

use crate::text::is_no_text;

/// `text` with every character replaced that XML or HTML would read as markup, in elements and in attributes between double
/// quotation marks, and with a replacement character for each that commands terminals or turns the direction of text.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other if is_no_text(other) => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escape("a<b> & \"c\""), "a&lt;b&gt; &amp; &quot;c&quot;");
        assert_eq!(escape("a\n\u{1b}\u{202e}"), "a\n\u{fffd}\u{fffd}");
    }
}
