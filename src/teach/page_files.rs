//! The files of the page, embedded in the program: what the server serves, and what goes into the page as one file.

use crate::data::TabularSet;
use crate::loss::{LOSS_TABLE, LossRow};
use serde::Serialize;
use std::sync::LazyLock;

/// A file of the page.
#[derive(Clone, Copy)]
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

/// The modules that are files.
const MODULES: &[PageFile] = modules![
    "ask.js",
    "controls.js",
    "drawing.js",
    "formula.js",
    "main.js",
    "offline.js",
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

/// A loss of the catalogue and what can be set of it.
#[derive(Serialize)]
struct ListedLoss {
    name: &'static str,
    title: &'static str,
    /// Name, default and largest value of each number it depends on.
    settings: Vec<(&'static str, f64, f64)>,
}

impl ListedLoss {
    fn of(row: &LossRow) -> Self {
        let numbers = row.default.numbers().into_iter();
        let settings = numbers.map(|(parameter, default)| (parameter.name, default, parameter.max)).collect();
        Self { name: row.name, title: row.title, settings }
    }
}

/// The losses there are, as a module.
static CATALOGUE: LazyLock<String> = LazyLock::new(|| {
    let losses: Vec<ListedLoss> = LOSS_TABLE.into_iter().map(ListedLoss::of).collect();
    let losses = serde_json::to_string(&losses).expect("texts and finite numbers");
    format!("// The losses there are.\n\nexport const catalogue = {losses};\n")
});

/// A real table for whoever has none at hand, as a module.
static THYROID: LazyLock<String> = LazyLock::new(|| {
    let table = serde_json::to_string(&csv(TabularSet::Thyroid)).expect("a text");
    format!(
        "// Laboratory tests of 215 patients: D. Coomans, UCI Machine Learning Repository, CC BY 4.0.\n\nexport const thyroid = {table};\n"
    )
});

/// An embedded table as CSV.
fn csv(set: TabularSet) -> String {
    let dataset = set.dataset();
    let (names, labels) = (dataset.feature_names(), dataset.labels());
    let mut text = format!("{},class\n", names.join(","));
    for (values, &class) in dataset.features().column_iter().zip(labels.class_indices()) {
        values.iter().for_each(|value| text += &format!("{value},"));
        text += &format!("{}\n", labels.class_names()[class as usize]);
    }
    text
}

/// The languages there are, as a module: every file of `words` is one, by its code.
static LANGUAGES: LazyLock<String> = LazyLock::new(|| {
    let codes: Vec<&str> =
        MODULES.iter().filter_map(|file| file.path.strip_prefix("words/")?.strip_suffix(".js")).collect();
    let imports: String =
        codes.iter().map(|code| format!("import {{ {code} }} from './words/{code}.js';\n")).collect();
    let list = codes.join(", ");
    format!("// What the page may be read in.\n\n{imports}\nexport const languages = [{list}];\n")
});

/// The modules, each once.
pub(super) fn modules() -> impl Iterator<Item = PageFile> {
    let made = |path, text| PageFile { path, kind: SCRIPT, text };
    MODULES.iter().copied().chain([
        made("catalogue.js", &CATALOGUE),
        made("languages.js", &LANGUAGES),
        made("thyroid.js", &THYROID),
    ])
}

/// The file at a path.
pub(super) fn page_file(path: &str) -> Option<PageFile> {
    [INDEX, STYLE, WORKER].into_iter().chain(modules()).find(|file| file.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// What is beside the list is not served: a language or a scene that is forgotten here.
    #[test]
    fn every_script_of_the_page_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/teach/page");
        let mut found = BTreeSet::new();
        for below in ["", "words", "pictures", "scenes"] {
            for entry in std::fs::read_dir(folder.join(below)).expect("a folder") {
                let name = entry.expect("an entry").file_name().into_string().expect("a name");
                if Path::new(&name).extension().is_some_and(|extension| extension == "js") {
                    found.insert(format!("{below}/{name}").trim_start_matches('/').to_owned());
                }
            }
        }
        let listed: BTreeSet<String> =
            MODULES.iter().map(|file| file.path.to_owned()).chain([WORKER.path.to_owned()]).collect();
        assert_eq!(listed, found);
    }
}
