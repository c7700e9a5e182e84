//! Text made safe to stand in HTML.

/// Replaces the characters that mean something to HTML, in text and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A residual as people write it, `3.2 × 10⁻¹⁴`.
pub(super) fn scientific(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let exponent = value.abs().log10().floor();
    format!(
        "{:.1} × 10<sup>{}</sup>",
        value / 10.0_f64.powf(exponent),
        exponent.to_string().replace('-', "−")
    )
}
