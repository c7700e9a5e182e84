//! Sound files of every kind, to be changed.

use crate::inputs::{idx, npy};
use anyhow::{Context, Result, bail, ensure};
use equipoise::analysis::SHIPPED;
use std::path::Path;

/// Sound files of a kind.
pub(crate) fn seeds(kind: &str) -> Result<Vec<Vec<u8>>> {
    Ok(match kind {
        "audit" => return files("tests/fuzz/corpus"),
        "analysis" => analyses(),
        "table" => [files("tests/cases")?, vec![TABLE.to_vec(), long_row()]].concat(),
        "npy" => vec![npy("<f8", "(4, 2)", 64), npy("<f4", "(4, 2)", 32), npy("|u1", "(4,)", 4)],
        "images" => vec![idx(), cifar()],
        "results" => vec![JOURNAL.to_vec()],
        "lesson" => vec![LESSON.to_vec()],
        other => bail!("{other}: no seeds of this kind"),
    })
}

/// All files of a directory, in the order of their names. Files that once made a reader panic stay in `tests/fuzz/corpus`.
fn files(directory: &str) -> Result<Vec<Vec<u8>>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let entries = std::fs::read_dir(&corpus).with_context(|| corpus.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    let seeds = paths.iter().map(|path| Ok(std::fs::read(path)?)).collect::<Result<Vec<_>>>()?;
    ensure!(!seeds.is_empty(), "{} holds no files", corpus.display());
    Ok(seeds)
}

/// Shipped analyses that train no network and sweep little.
fn analyses() -> Vec<Vec<u8>> {
    let quick = SHIPPED.iter().filter(|shipped| !shipped.text.contains("[training]"));
    quick.map(|shipped| shipped.text.as_bytes().to_vec()).collect()
}

const TABLE: &[u8] = b"x,y,\"a, b\"\n1.5,cat,3\n-2e3,dog,4\n0,\"c\"\"at\",5\n1,dog,6\n";

/// A row so long that memory is asked for it.
fn long_row() -> Vec<u8> {
    format!("x,y\n1,\"{}\"\n2,b\n3,b\n", "a".repeat(1 << 20)).into_bytes()
}

/// One image of ten classes.
fn cifar() -> Vec<u8> {
    (0..3073_u32).map(|byte| u8::try_from(byte % 10).unwrap_or(0)).collect()
}

const JOURNAL: &[u8] =
    b"{\"seal\":\"0123456789abcdef0123456789abcdef\",\"record\":{\"key\":\"k\",\"at\":[],\"series\":0,\
    \"repetition\":0,\"ended\":\"stationary\",\"classes\":2,\"features\":1,\"measured\":{\"loss\":[0.5]}}}\n";

const LESSON: &[u8] = br#"{"problem":{"analysis":{"name":"x","title":"t","measure":["gradient","mean_probability"],"penalty":0.01,
"class_weights":[1,3],"data":{"gaussian":{"means":{"at":[[-1,0],[1,0]]},"counts":[9,4]}},"series":[{"loss":"logistic"},{"loss":{"inr":{"beta":5}}}]},
"look":{"series":0,"class":1,"predicted":0}}}"#;
