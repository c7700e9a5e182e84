//! Files in which work is saved that can resume: tensors and a header, in the safetensors format, sealed as a whole, and locked
//! by the process that writes them.

use super::locked::LockedFile;
use super::{remove, short_digest};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors, serialize};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;

/// The header's name among the metadata.
const HEADER: &str = "equipoise";
/// What comes before the seal in the file.
const BEFORE_SEAL: &[u8] = b"\"equipoise\":\"";
/// In place of the seal while the file is digested.
const UNSEALED: &str = "00000000000000000000000000000000";

/// A file that one process saves its work in. It exists from the beginning; unless something is kept in it, it is removed again.
#[derive(Debug)]
pub(crate) struct CheckpointFile {
    file: LockedFile,
    /// Whether there was a file before, or there is something to lose now.
    is_kept: bool,
}

impl CheckpointFile {
    /// Opens a file, or makes one, for work that is called `work`.
    ///
    /// # Errors
    /// Another process saves its work there, or nothing can be written there; the text does not name the file.
    pub(crate) fn open(path: &Path, work: &str) -> Result<Self, String> {
        let taken = || format!("another {work} is saved there; wait until it ends, or name another file");
        let file = LockedFile::open(path).map_err(|error| error.to_string())?.ok_or_else(taken)?;
        Ok(Self { is_kept: !file.is_new, file })
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Whether nothing was saved there.
    pub(crate) fn is_empty(&self) -> bool {
        self.path().symlink_metadata().is_ok_and(|found| found.is_file() && found.len() == 0)
    }

    /// Replaces the whole contents, or nothing.
    ///
    /// # Errors
    /// The file cannot be written, or another program has moved or removed it.
    pub(crate) fn replace(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.file.replace(bytes).map_err(|error| unwritten(&error))
    }

    /// From now on there is something to lose.
    pub(crate) fn keep(&mut self) {
        self.is_kept = true;
    }
}

impl Drop for CheckpointFile {
    fn drop(&mut self) {
        if !self.is_kept && self.file.is_in_place() {
            // A file that stays begins the same work.
            let _ = remove(self.path());
        }
    }
}

/// Why a checkpoint could not be written.
pub(crate) fn unwritten(error: &std::io::Error) -> String {
    format!("cannot be written: {error}")
}

/// Why a file cannot be read as a checkpoint.
pub(crate) fn damaged(error: &SafeTensorError) -> String {
    format!("is no checkpoint, or damaged: {error}")
}

/// What is written before the tensors.
#[derive(Serialize, Deserialize)]
struct Written<T> {
    /// What is saved.
    work: String,
    header: T,
}

/// Numbers that are saved under a name.
pub(crate) struct SavedTensor<'a> {
    pub(crate) name: String,
    pub(crate) kind: Dtype,
    pub(crate) shape: Vec<usize>,
    /// Little-endian.
    pub(crate) bytes: &'a [u8],
}

/// The bytes of a file with the state of `work`.
///
/// # Errors
/// The header is nothing that JSON holds.
pub(crate) fn sealed<T: Serialize>(
    work: &str,
    header: &T,
    tensors: Vec<SavedTensor>,
) -> Result<Vec<u8>, String> {
    let written = Written { work: work.to_owned(), header };
    let header = serde_json::to_string(&written).map_err(|error| error.to_string())?;
    let metadata = HashMap::from([(HEADER.to_owned(), format!("{UNSEALED}{header}"))]);
    let views = tensors
        .into_iter()
        .map(|tensor| Ok((tensor.name, TensorView::new(tensor.kind, tensor.shape, tensor.bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>();
    let bytes = views.and_then(|views| serialize(views, Some(metadata)));
    let mut bytes = bytes.map_err(|error| error.to_string())?;
    let seal = seal(&bytes);
    let place = seal_place(&bytes).ok_or("has no place for its seal")?;
    bytes[place].copy_from_slice(seal.as_bytes());
    Ok(bytes)
}

/// Header and tensors of a file with the state of `work`.
///
/// # Errors
/// The file was not written by this program, is damaged, or holds something else.
pub(crate) fn unsealed<'a, T: DeserializeOwned>(
    work: &str,
    bytes: &'a [u8],
) -> Result<(T, SafeTensors<'a>), String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(&error))?;
    let header = metadata.metadata().as_ref().and_then(|entries| entries.get(HEADER));
    let header = header.ok_or("is no checkpoint of this program")?;
    if !is_intact(bytes) {
        return Err("is damaged: its seal is that of other contents; start anew".to_owned());
    }
    let written: Written<Value> = serde_json::from_str(header.get(UNSEALED.len()..).unwrap_or_default())
        .map_err(|error| format!("is of another version: {error}"))?;
    if written.work != work {
        return Err(format!("is of a {}, not of a {work}; name another file", written.work));
    }
    let header =
        serde_json::from_value(written.header).map_err(|error| format!("is of another version: {error}"))?;
    Ok((header, SafeTensors::deserialize(bytes).map_err(|error| damaged(&error))?))
}

/// Where the seal is in a file; `None` if there is none.
fn seal_place(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let before = bytes.windows(BEFORE_SEAL.len()).position(|window| window == BEFORE_SEAL)?;
    let start = before + BEFORE_SEAL.len();
    (start + UNSEALED.len() <= bytes.len()).then(|| start..start + UNSEALED.len())
}

/// The seal of a file in which none is written yet.
fn seal(bytes: &[u8]) -> String {
    short_digest(Sha256::new_with_prefix(bytes))
}

/// Whether a file is as it was written.
fn is_intact(bytes: &[u8]) -> bool {
    seal_place(bytes).is_some_and(|place| {
        let mut unsealed = bytes.to_vec();
        unsealed[place.clone()].copy_from_slice(UNSEALED.as_bytes());
        seal(&unsealed).as_bytes() == &bytes[place]
    })
}
