# `just` lists the recipes.
_list:
    @just --list

# The program, optimised: target/release/equipoise
build:
    cargo build --release --locked

# Everything a change must pass
test:
    scripts/test

# The Python package
python *options:
    cargo test --workspace --locked --test package
    scripts/python-tests {{ options }}

# Format, lints, unit tests
quick:
    scripts/test --quick

# Format and lints
lint:
    cargo fmt --all --check
    cargo clippy --all-targets --locked -- -D warnings

# The lecture page as one file that needs no server: target/site/index.html
site *directory:
    scripts/site {{ directory }}

# The short paper as a PDF: target/paper/results.pdf; needs pandoc and LuaLaTeX
paper:
    scripts/paper

# The documentation of the library, in a browser
doc:
    cargo doc --no-deps --locked --open

# Pieces of the solver, timed; name one to time it alone
bench *name:
    cargo bench --locked --bench parts -- {{ name }}

# Every claim and every figure: reproduction/report.html
reproduce *options:
    cargo run --release --locked -- reproduce {{ options }}

# Inputs of a kind (audit, analysis, table, npy, images, results, lesson), changed by libFuzzer; needs cargo-fuzz and nightly
fuzz kind *options:
    cargo run --locked --example fuzz -- {{ kind }} --seeds fuzz/corpus/{{ kind }}
    cargo +nightly fuzz run {{ kind }} {{ options }}
