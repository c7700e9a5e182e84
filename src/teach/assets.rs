//! The files of the page, embedded in the program.

/// A file of the page.
pub(super) struct Asset {
    /// Its path on the server.
    pub(super) path: &'static str,
    /// Its media type.
    pub(super) kind: &'static str,
    /// What is in it.
    pub(super) text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! scripts {
    ($($file:literal),* $(,)?) => {
        &[
            Asset { path: "/", kind: HTML, text: include_str!("page/index.html") },
            Asset { path: "/style.css", kind: CSS, text: include_str!("page/style.css") },
            $(Asset { path: concat!("/", $file), kind: SCRIPT, text: include_str!(concat!("page/", $file)) }),*
        ]
    };
}

const ASSETS: &[Asset] = scripts![
    "main.js",
    "ask.js",
    "controls.js",
    "drawing.js",
    "save.js",
    "state.js",
    "pictures/bars.js",
    "pictures/columns.js",
    "pictures/groups.js",
    "pictures/images.js",
    "pictures/matrix.js",
    "pictures/plane.js",
    "pictures/traces.js",
    "pictures/triangle.js",
    "scenes/averaging.js",
    "scenes/common.js",
    "scenes/digits.js",
    "scenes/losses.js",
    "scenes/not_converged.js",
    "scenes/three_classes.js",
    "scenes/two_classes.js",
];

/// The file at a path.
pub(super) fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}
