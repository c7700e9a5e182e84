//! The embedded font, the only one the renderer may use, and the width of text in it.

use std::sync::{Arc, LazyLock};

use resvg::usvg::{Node, Options, Tree, fontdb::Database};

use super::escape::escape;
use super::theme::FONT_FAMILY;

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(include_bytes!("../../assets/DejaVuSans.ttf").to_vec());
    fonts.load_font_data(include_bytes!("../../assets/DejaVuSans-Bold.ttf").to_vec());
    Arc::new(fonts)
});

/// Parser options with the embedded font only, so that every machine draws the same picture.
pub(super) fn reading_options() -> Options<'static> {
    Options { fontdb: Arc::clone(&FONTS), ..Options::default() }
}

/// Width in points of `text` at `size` points, from the same layout that draws the picture.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    // Laid out large, since the layout rounds nothing but its numbers are single precision.
    const EM: f64 = 100.0;
    let sheet = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\">\
         <text font-family=\"{FONT_FAMILY}\" font-size=\"{EM}\">{}</text></svg>",
        escape(text)
    );
    let Ok(tree) = Tree::from_str(&sheet, &reading_options()) else {
        return 0.0;
    };
    let width = tree.root().children().iter().map(|node| match node {
        Node::Text(text) => f64::from(text.bounding_box().width()),
        _ => 0.0,
    });
    width.sum::<f64>() / EM * size
}

/// Width in points of the widest of `texts` at `size` points.
pub(super) fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, size: f64) -> f64 {
    texts.into_iter().map(|text| text_width(text, size)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_grows_with_text_and_size() {
        // DejaVu Sans sets every digit 0.636 em wide.
        assert!((text_width("0", 10.0) - 6.36).abs() < 0.05);
        assert!((text_width("00", 10.0) - 2.0 * text_width("00", 5.0)).abs() < 1e-9);
        assert!(widest(["a", "abc", "ab"], 7.0) > text_width("ab", 7.0));
    }
}
