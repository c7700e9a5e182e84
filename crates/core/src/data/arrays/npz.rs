//! NPZ archives: arrays mapped where they are stored, unpacked to a file of their own where they are packed.

use super::array::Layout;
use super::opened::Opened;
use super::{Array, Arrays};
use crate::data::npy::Header;
use crate::data::{DataError, quoted};
use std::io::Cursor;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// More arrays than these are no model's output.
const MAX_ARRAYS: usize = 1000;

/// Reads the arrays that are wanted; the others stay packed. Arrays that are not of numbers or texts are an error of whoever
/// asks for them.
pub(super) fn read(opened: &Opened, wanted: &dyn Fn(&str) -> bool) -> Result<Arrays, DataError> {
    let damaged = |error| damaged(&opened.place, &error);
    let mut archive = ZipArchive::new(Cursor::new(opened.bytes())).map_err(damaged)?;
    if archive.len() > MAX_ARRAYS {
        return Err(DataError::invalid(
            &opened.place,
            format!("holds {} arrays; the most are {MAX_ARRAYS}", archive.len()),
        ));
    }
    let mut arrays = Arrays::empty(opened);
    let mut others = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?;
        if let Some(problem) = other_archive(&name) {
            return Err(DataError::invalid(&opened.place, problem));
        }
        // Names are asked for without white space around them.
        let Some(name) = name.strip_suffix(".npy").map(|name| name.trim().to_owned()) else {
            others.extend((!is_of_a_system(&name)).then(|| quoted(&name)));
            continue;
        };
        drop(entry);
        if wanted(&name) {
            let place = format!("{}, {name}", opened.place);
            arrays.add(&name, array_of(opened, &mut archive, index, &place));
        }
        arrays.names.push(name);
    }
    if arrays.names.is_empty() && !others.is_empty() {
        let problem = format!(
            "is a zip archive of several files and no arrays; unpack it and give one of {}",
            others.join(", ")
        );
        return Err(DataError::invalid(&opened.place, problem));
    }
    Ok(arrays)
}

/// What a zip file is that is no archive of arrays, by a file in it.
fn other_archive(entry: &str) -> Option<&'static str> {
    if entry.ends_with("/data.pkl") {
        return Some(
            "is a file of torch.save, which is not read; save tensors with safetensors.torch.save_file, or arrays with numpy.savez",
        );
    }
    match entry {
        "xl/workbook.xml" => Some("is an Excel file, which is not read; save it as CSV"),
        "content.xml" => Some("is an OpenDocument file, which is not read; save the sheet as CSV"),
        "word/document.xml" => Some("is a Word file, which is not read; save the table as CSV"),
        _ => None,
    }
}

/// Whether an entry of a zip archive is none that the user put there: folders, and what macOS and Windows add.
fn is_of_a_system(entry: &str) -> bool {
    let name = entry.rsplit('/').next().unwrap_or_default();
    entry.starts_with("__MACOSX/")
        || entry.ends_with('/')
        || [".DS_Store", "Thumbs.db", "desktop.ini"].contains(&name)
}

/// The one file of a zip archive that is none of arrays, as `df.to_csv("x.csv.zip")` writes it.
pub(super) fn lone_file(opened: &Opened) -> Result<Option<Opened>, DataError> {
    let damaged = |error| damaged(&opened.place, &error);
    let mut archive = ZipArchive::new(Cursor::new(opened.bytes())).map_err(damaged)?;
    let mut users = Vec::new();
    for index in 0..archive.len().min(MAX_ARRAYS) {
        let entry = archive.by_index(index).map_err(damaged)?;
        users.extend((!is_of_a_system(&entry.name().map_err(damaged)?)).then_some(index));
    }
    let &[lone] = users.as_slice() else { return Ok(None) };
    let entry = archive.by_index(lone).map_err(damaged)?;
    let name = entry.name().map_err(damaged)?;
    let is_packed_as_usual =
        matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated);
    if name.ends_with(".npy") || other_archive(&name).is_some() || entry.is_dir() || !is_packed_as_usual {
        return Ok(None);
    }
    Opened::copied(entry, &opened.place).map(Some)
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

fn array_of(opened: &Opened, archive: &mut Archive, index: usize, place: &str) -> Result<Array, DataError> {
    let mut entry = archive.by_index(index).map_err(|error| damaged(place, &error))?;
    match entry.compression() {
        CompressionMethod::Stored => {
            let start = entry.data_start().and_then(|start| usize::try_from(start).ok());
            let size = usize::try_from(entry.size()).ok();
            let end = start.zip(size).and_then(|(start, size)| start.checked_add(size));
            match (start, end) {
                (Some(start), Some(end)) if end <= opened.bytes().len() => {
                    Array::of_npy(opened, start..end, place)
                }
                _ => Err(DataError::invalid(place, "is cut off; copy the file again")),
            }
        }
        CompressionMethod::Deflated => {
            let header = Header::read(&mut entry, place)?;
            drop(entry);
            let announced = Layout::of_header(&header).and_then(|layout| {
                layout.bytes().ok_or_else(|| "announces more numbers than can be".to_owned())
            });
            let announced = announced.map_err(|problem| DataError::invalid(place, problem))?;
            // Read again from its start: header and numbers, and nothing beyond the announced size.
            let entry = archive.by_index(index).map_err(|error| damaged(place, &error))?;
            let most = (header.length + announced) as u64;
            let (unpacked, more) = Opened::at_most(entry, most, place)?;
            if more {
                return Err(DataError::invalid(
                    place,
                    "unpacks to more numbers than it announces; save it again",
                ));
            }
            Array::of_npy(&unpacked, 0..unpacked.bytes().len(), place)
        }
        _ => Err(DataError::invalid(
            place,
            "is packed in a way that NumPy does not use; save it with numpy.savez_compressed",
        )),
    }
}

fn damaged(place: &str, error: &ZipError) -> DataError {
    DataError::invalid(place, format!("is cut off or damaged: {error}; copy the file again"))
}
