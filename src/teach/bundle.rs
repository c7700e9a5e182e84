//! The page as one HTML file with the solver in it, compiled to WebAssembly: it opens from a disk, a stick or any web server, and
//! fetches nothing.
//!
//! Browsers load no modules from a disk. So the modules become one script, in which each is a function that returns what it
//! exports. Their text is ours: imports stand in one statement each, and what is exported says so where it is declared.

use super::page_files::{INDEX, MAIN, PageFile, STYLE, WORKER, page_file};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::io::Write;
use thiserror::Error;

/// The solver that this program was built with; empty if it was built without (`build.rs`).
pub const SOLVER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/solver"));

/// Why a file is not the solver.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SolverError {
    /// It is something else.
    #[error("is neither WebAssembly nor WebAssembly packed with gzip; scripts/site makes it")]
    Other,
    /// It cannot be packed.
    #[error("cannot be packed: {0}")]
    Packing(#[from] std::io::Error),
}

/// How a module of WebAssembly begins, and how a file packed with gzip does.
const WASM: &[u8] = b"\0asm";
const GZIP: &[u8] = &[0x1f, 0x8b];

/// The page with a solver, which may be packed with gzip already.
///
/// # Errors
/// The solver is something else.
pub fn page_with_solver(solver: &[u8]) -> Result<String, SolverError> {
    let packed = match solver {
        packed if packed.starts_with(GZIP) => packed.to_vec(),
        plain if plain.starts_with(WASM) => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(plain)?;
            encoder.finish()?
        }
        _ => return Err(SolverError::Other),
    };
    let script = script();
    // Everything that runs is named by its digest, and the page connects to nothing. What keeps it on a device lies beside it.
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}' 'wasm-unsafe-eval'; style-src 'sha256-{}'; worker-src blob: 'self'; \
         manifest-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'",
        digest(&script),
        digest(STYLE.text)
    );
    let head = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <style>{}</style>",
        STYLE.text
    );
    let body = format!(
        "<script type=\"text/plain\" id=\"solver\">{}</script>\n<script type=\"text/plain\" id=\"worker\">{}</script>\n\
         <script>{script}</script>\n</body>",
        BASE64.encode(packed),
        WORKER.text
    );
    Ok(INDEX.text.replace(STYLE_LINK, &head).replace(MAIN_LINK, "").replace("</body>", &body))
}

/// Where the page names its style and its script.
const STYLE_LINK: &str = "<link rel=\"stylesheet\" href=\"style.css\">";
const MAIN_LINK: &str = "<script type=\"module\" src=\"main.js\"></script>\n";

/// Of a text, as policies name it.
pub(super) fn digest(text: &str) -> String {
    BASE64.encode(Sha256::digest(text.as_bytes()))
}

/// All modules as one script.
fn script() -> String {
    let mut done = Vec::new();
    let mut text = "'use strict';\nconst modules = {};\n".to_owned();
    add(MAIN, &mut done, &mut text);
    text
}

/// Adds a module behind those that it imports.
fn add(path: &str, done: &mut Vec<String>, script: &mut String) {
    if done.iter().any(|other| other == path) {
        return;
    }
    done.push(path.to_owned());
    let Some(module) = page_file(path).as_ref().map(Module::of) else { return };
    module.imports.iter().for_each(|import| add(&import.path, done, script));
    *script += &format!("modules['{path}'] = (() => {{\n");
    for Import { names, path } in &module.imports {
        *script += &format!("const {{{}}} = modules['{path}'];\n", names.replace(" as ", ": "));
    }
    *script += &module.body;
    *script += &format!("return {{ {} }};\n}})();\n", module.exports.join(", "));
}

/// A module taken apart.
struct Module {
    imports: Vec<Import>,
    exports: Vec<String>,
    body: String,
}

struct Import {
    /// What is between the braces.
    names: String,
    /// The module, from the page's address.
    path: String,
}

impl Module {
    fn of(file: &PageFile) -> Self {
        let mut module = Self { imports: Vec::new(), exports: Vec::new(), body: String::new() };
        // Comments, which stand on lines of their own, are for those who read the modules.
        let is_comment =
            |line: &&str| ["//", "/*", "* ", "*/"].iter().any(|begin| line.trim_start().starts_with(begin));
        for line in file.text.lines().filter(|line| !is_comment(line)) {
            if let Some(import) = line.strip_prefix("import {") {
                module.imports.extend(Import::of(import, file.path));
            } else if let Some(declared) = line.strip_prefix("export ") {
                module.exports.extend(declared_name(declared));
                module.body += declared;
                module.body.push('\n');
            } else {
                module.body += line;
                module.body.push('\n');
            }
        }
        module
    }
}

impl Import {
    /// From the rest of `import { a, b as c } from './x.js';` in a module.
    fn of(rest: &str, from: &str) -> Option<Self> {
        let (names, path) = rest.split_once("} from '")?;
        Some(Self { names: names.to_owned(), path: resolved(path.strip_suffix("';")?, from) })
    }
}

/// A path that is given from where another file is.
fn resolved(path: &str, from: &str) -> String {
    let mut folders: Vec<&str> = from.split('/').collect();
    folders.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(folders.pop()),
            name => folders.push(name),
        }
    }
    folders.join("/")
}

/// The name that `const name = ..`, `function name(..)`, `class name ..` or `async function name(..)` declares.
fn declared_name(declaration: &str) -> Option<String> {
    let keywords = ["async", "function", "class", "const"];
    let name = declaration.split_whitespace().find(|word| !keywords.contains(word))?;
    let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
    Some(name[..end].to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::page_files::modules;
    use super::*;

    #[test]
    fn every_module_is_in_the_script_once_and_nothing_of_modules_is_left() {
        let script = script();
        for module in modules() {
            let place = format!("modules['{}'] = (", module.path);
            assert_eq!(script.matches(&place).count(), 1, "{}", module.path);
        }
        for line in script.lines() {
            assert!(!line.starts_with("import ") && !line.starts_with("export "), "{line}");
        }
        // What is imported is exported, before it is imported.
        for module in modules() {
            let taken = Module::of(&module);
            for Import { names, path } in taken.imports {
                let from = page_file(&path).expect("a module of the page");
                let exports = Module::of(&from).exports;
                for name in names.split(',').map(|name| name.trim().split(" as ").next().expect("a name")) {
                    assert!(exports.iter().any(|export| export == name), "{}: {name} of {path}", module.path);
                }
                let at = |path: &str| script.find(&format!("modules['{path}'] = ("));
                assert!(at(&path) < at(module.path), "{path} behind {}", module.path);
            }
        }
    }

    #[test]
    fn the_page_holds_all_that_it_needs_and_may_run_nothing_else() {
        let page = page_with_solver(b"\0asm\x01\0\0\0").expect("a page");
        assert!(!page.contains("src=") && !page.contains("rel=\"stylesheet\""), "nothing is fetched");
        assert_eq!(page.matches("<script").count(), 3);
        assert_eq!(page.matches("</script").count(), 3, "no script ends early");
        let begin = page.find("<script>").expect("the script") + "<script>".len();
        let script = &page[begin..begin + page[begin..].find("</script>").expect("its end")];
        assert!(page.contains(&format!("script-src 'sha256-{}' 'wasm-unsafe-eval'", digest(script))));
        let packed =
            page.split("id=\"solver\">").nth(1).and_then(|rest| rest.split('<').next()).expect("the solver");
        let packed = BASE64.decode(packed).expect("base64");
        assert!(packed.starts_with(GZIP));
        assert_eq!(page_with_solver(&packed).expect("a page"), page);
        assert!(page_with_solver(b"<html>").is_err());
    }

    #[test]
    fn declarations_and_paths_are_read() {
        for (declaration, name) in [
            ("const svg = (tag) =>", "svg"),
            ("function linear([from, to]) {", "linear"),
            ("async function losses() {", "losses"),
            ("class Picture {", "Picture"),
        ] {
            assert_eq!(declared_name(declaration).as_deref(), Some(name));
        }
        assert_eq!(resolved("../pictures/bars.js", "scenes/digits.js"), "pictures/bars.js");
        assert_eq!(resolved("./plane.js", "pictures/triangle.js"), "pictures/plane.js");
        assert_eq!(resolved("./ask.js", "main.js"), "ask.js");
    }
}
