//! The files of the page, embedded in the program: what the server serves, and what goes into the page as one file.

/// A file of the page.
pub(super) struct PageFile {
    /// Its path below the page's address; the page itself has none.
    pub(super) path: &'static str,
    /// Its media type.
    pub(super) kind: &'static str,
    /// What is in it.
    pub(super) text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The page itself.
pub(super) const INDEX: PageFile = PageFile { path: "", kind: HTML, text: include_str!("page/index.html") };
/// How it looks.
pub(super) const STYLE: PageFile =
    PageFile { path: "style.css", kind: CSS, text: include_str!("page/style.css") };
/// What answers lessons where no program does; not a module, since it becomes a worker by itself.
pub(super) const WORKER: PageFile =
    PageFile { path: "worker.js", kind: SCRIPT, text: include_str!("page/worker.js") };
/// The module that imports all others.
pub(super) const MAIN: &str = "main.js";

macro_rules! modules {
    ($($file:literal),* $(,)?) => {
        &[$(PageFile { path: $file, kind: SCRIPT, text: include_str!(concat!("page/", $file)) }),*]
    };
}

/// The modules.
pub(super) const MODULES: &[PageFile] = modules![
    "ask.js",
    "controls.js",
    "drawing.js",
    "main.js",
    "quiz.js",
    "save.js",
    "solver.js",
    "state.js",
    "tour.js",
    "words.js",
    "words/en.js",
    "words/zh.js",
    "pictures/bars.js",
    "pictures/columns.js",
    "pictures/groups.js",
    "pictures/images.js",
    "pictures/intervals.js",
    "pictures/matrix.js",
    "pictures/plane.js",
    "pictures/traces.js",
    "pictures/triangle.js",
    "scenes/averaging.js",
    "scenes/batches.js",
    "scenes/common.js",
    "scenes/digits.js",
    "scenes/held_out.js",
    "scenes/losses.js",
    "scenes/not_converged.js",
    "scenes/own_data.js",
    "scenes/separable.js",
    "scenes/three_classes.js",
    "scenes/two_classes.js",
];

/// The file at a path.
pub(super) fn page_file(path: &str) -> Option<&'static PageFile> {
    [&INDEX, &STYLE, &WORKER].into_iter().chain(MODULES).find(|file| file.path == path)
}
