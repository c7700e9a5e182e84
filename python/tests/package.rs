//! Compiles the module together with everything that `cargo test --workspace` compiles; the package's own tests are in Python
//! (`scripts/python-tests`).

use std::path::Path;

#[test]
fn the_module_exports_what_python_looks_for() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("debug").join("deps");
    let names = ["libequipoise_python.so", "libequipoise_python.dylib", "equipoise_python.dll"];
    let library = names.map(|name| directory.join(name)).into_iter().find(|path| path.is_file());
    let bytes = std::fs::read(library.expect("the library is compiled")).expect("it can be read");
    let symbol = b"PyInit__core";
    assert!(bytes.windows(symbol.len()).any(|window| window == symbol));
}
