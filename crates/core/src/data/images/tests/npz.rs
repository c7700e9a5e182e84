//! NPZ files written by hand, whole and broken.

use super::{changed, refused, write};
use crate::data::images::{ImageShape, Part, npz, read_images};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::CompressionMethod::{Deflated, Stored};
use zip::write::{SimpleFileOptions, ZipWriter};

fn npy(descr: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    written_as(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"), values)
}

fn written_as(header: &str, values: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), values].concat()
}

fn zipped(arrays: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        // NumPy leaves room for arrays of more than 4 GiB, however small they are.
        let options = SimpleFileOptions::default().compression_method(method).large_file(true);
        archive.start_file(format!("{name}.npy"), options).expect("in memory");
        archive.write_all(bytes).expect("in memory");
    }
    archive.finish().expect("in memory").into_inner()
}

/// The bytes 0, 7, 14, ... of so many values.
fn ramp(values: u8) -> Vec<u8> {
    (0..values).map(|value| value.wrapping_mul(7)).collect()
}

/// Two images of 2 x 3 grey pixels, of classes 4 and 1.
fn train_images() -> Vec<u8> {
    npy("'|u1'", "(2, 2, 3)", &ramp(12))
}

fn train_labels() -> Vec<u8> {
    npy("'|u1'", "(2, 1)", &[4, 1])
}

/// A whole set with other arrays in place of those to learn from.
fn set_with(images: Vec<u8>, labels: Vec<u8>, method: zip::CompressionMethod) -> Vec<u8> {
    let unused = || npy("'<f4'", "()", &[0; 4]);
    let arrays = [
        ("train_images", images),
        ("val_images", unused()),
        ("test_images", npy("'|u1'", "(1, 2, 3)", &[9; 6])),
        ("train_labels", labels),
        ("val_labels", unused()),
        ("test_labels", npy("'<i8'", "(1,)", &7_i64.to_le_bytes())),
    ];
    zipped(&arrays, method)
}

fn small(method: zip::CompressionMethod) -> Vec<u8> {
    set_with(train_images(), train_labels(), method)
}

/// What is said of a directory with this file in it, as one line that names the file.
fn complaint(file: &[u8]) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "set.npz", file);
    let message = refused(directory.path());
    assert!(message.contains("set.npz") && message.lines().count() == 1, "{message:?}");
    message
}

#[track_caller]
fn images_are_refused(images: Vec<u8>, expected: &str) {
    let message = complaint(&set_with(images, train_labels(), Deflated));
    let expected = format!("set.npz, train_images: {expected}");
    assert!(message.contains(&expected), "{message:?} lacks {expected:?}");
}

#[track_caller]
fn labels_are_refused(labels: Vec<u8>, expected: &str) {
    let message = complaint(&set_with(train_images(), labels, Stored));
    let expected = format!("set.npz, train_labels{expected}");
    assert!(message.contains(&expected), "{message:?} lacks {expected:?}");
}

#[test]
fn both_parts_are_read_packed_or_not_from_the_directory_or_the_file() {
    for method in [Stored, Deflated] {
        let directory = tempfile::tempdir().expect("a directory");
        write(directory.path(), "set.NPZ", &small(method));
        let train = read_images(directory.path(), Part::Train).expect("well formed");
        assert_eq!(train.shape(), ImageShape { channels: 1, height: 2, width: 3 });
        assert_eq!((train.classes(), train.pixels(1)), (&[4, 1][..], &ramp(12)[6..]));
        let file = directory.path().join("set.NPZ");
        assert_eq!(*train, *read_images(&file, Part::Train).expect("well formed"));
        let test = read_images(&file, Part::Test).expect("well formed");
        assert_eq!((test.classes(), test.pixels(0)), (&[7][..], &[9; 6][..]));
    }
}

#[test]
fn arrays_may_be_named_as_keras_does() {
    for (images, labels) in [("x_train", "y_train"), ("X_train", "y_train")] {
        let directory = tempfile::tempdir().expect("a directory");
        write(
            directory.path(),
            "set.npz",
            &zipped(&[(labels, train_labels()), (images, train_images())], Deflated),
        );
        let read = read_images(directory.path(), Part::Train).expect("well formed");
        assert_eq!((read.classes(), read.pixels(0)), (&[4, 1][..], &ramp(12)[..6]));
        let message = read_images(directory.path(), Part::Test).expect_err("no such part").to_string();
        assert!(
            message.contains("needs arrays test_images and test_labels, or x_test and y_test"),
            "{message}"
        );
    }
}

#[test]
fn colours_become_channels() {
    let directory = tempfile::tempdir().expect("a directory");
    // Image i, row r, column c, colour k.
    let values: Vec<u8> = (0..2)
        .flat_map(|i| {
            (0..2).flat_map(move |r| {
                (0..4).flat_map(move |c| (0..3).map(move |k| i * 100 + r * 40 + c * 10 + k))
            })
        })
        .collect();
    let images = npy("'|u1'", "(2, 2, 4, 3)", &values);
    write(directory.path(), "set.npz", &set_with(images, train_labels(), Deflated));
    let read = read_images(directory.path(), Part::Train).expect("well formed");
    assert_eq!(read.shape(), ImageShape { channels: 3, height: 2, width: 4 });
    assert_eq!(read.pixels(0)[..8], [0, 10, 20, 30, 40, 50, 60, 70]);
    assert_eq!(read.pixels(1)[16..], [102, 112, 122, 132, 142, 152, 162, 172]);
    assert_eq!(read.shape().names()[13], "pixel_k1_r1_c1");
}

#[test]
fn labels_of_any_whole_numbers_are_read() {
    for (descr, values) in [
        ("'<f4'", [4_f32, 1.0].iter().flat_map(|label| label.to_le_bytes()).collect()),
        ("'>f8'", [4_f64, 1.0].iter().flat_map(|label| label.to_be_bytes()).collect()),
        ("'|b1'", vec![1, 0]),
        ("'|u1'", vec![4, 1]),
        ("'|i1'", vec![4, 1]),
        ("'<i4'", vec![4, 0, 0, 0, 1, 0, 0, 0]),
        ("'>i4'", vec![0, 0, 0, 4, 0, 0, 0, 1]),
        ("'<u8'", [4_u64, 1].iter().flat_map(|label| label.to_le_bytes()).collect()),
        ("'<i8'", [4_i64, 1].iter().flat_map(|label| label.to_le_bytes()).collect()),
        ("'>i8'", [4_i64, 1].iter().flat_map(|label| label.to_be_bytes()).collect()),
    ] {
        for shape in ["(2,)", "(2, 1)"] {
            let directory = tempfile::tempdir().expect("a directory");
            write(
                directory.path(),
                "set.npz",
                &set_with(train_images(), npy(descr, shape, &values), Deflated),
            );
            let read = read_images(directory.path(), Part::Train).expect("well formed");
            let expected = if descr == "'|b1'" { [1, 0] } else { [4, 1] };
            assert_eq!(read.classes(), expected, "{descr} {shape}");
        }
    }
}

#[test]
fn images_of_another_kind_are_named() {
    let values = ramp(48);
    images_are_refused(
        npy("'<f4'", "(2, 2, 3)", &values),
        "holds <f4; images are needed as bytes: save x.astype('uint8'), or (255 * x).round().astype('uint8') if",
    );
    images_are_refused(npy("'>f4'", "(2, 2, 3)", &values), "holds >f4; images");
    images_are_refused(npy("'|b1'", "(2, 2, 3)", &values), "holds |b1; images");
    images_are_refused(npy("'|O'", "(2, 2, 3)", &values), "holds |O; images");
    images_are_refused(npy("[('a', '|u1')]", "(2, 2, 3)", &values), "holds records of several fields");
    let columns = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 3), }";
    images_are_refused(
        written_as(columns, &ramp(12)),
        "is saved column by column; save numpy.ascontiguousarray(x)",
    );
    images_are_refused(b"no array".to_vec(), "is not an NPY file");
    images_are_refused(train_images()[..50].to_vec(), "ends within its header");
}

#[test]
fn images_of_another_shape_are_named() {
    images_are_refused(
        npy("'|u1'", "(2, 3, 2, 2)", &ramp(24)),
        "has shape (2, 3, 2, 2), channels first; save x.transpose(0, 2, 3, 1)",
    );
    for shape in ["()", "(12,)", "(2, 6)", "(2, 1, 2, 3, 1)", "(2, 2, 3, 4)"] {
        images_are_refused(
            npy("'|u1'", shape, &ramp(48)),
            &format!("has shape {shape}; images are needed as (N, height"),
        );
    }
    images_are_refused(
        npy("'|u1'", "(2, 0, 3)", &[]),
        "its header speaks of 2 x 0 x 3 values, which cannot be",
    );
    images_are_refused(
        npy("'|u1'", "(2, 2, -3)", &ramp(12)),
        "has a shape in its header that is no list of sizes",
    );
    let message = complaint(&set_with(npy("'|u1'", "(3, 2, 2)", &ramp(12)), train_labels(), Deflated));
    assert!(
        message.contains("set.npz, train_labels: holds 2 labels, but train_images has 3 images"),
        "{message}"
    );
}

#[test]
fn headers_that_speak_of_more_or_less_than_is_there_take_no_memory() {
    images_are_refused(
        train_images()[..train_images().len() - 1].to_vec(),
        "is cut off: its header speaks of 2 x 2 x 3 values, 11 are there",
    );
    images_are_refused(
        npy("'|u1'", "(2, 131072, 131072)", &ramp(12)),
        "is cut off: its header speaks of 2 x 131072 x",
    );
    let enormous = format!("(2, {0}, {0})", u64::MAX);
    images_are_refused(npy("'|u1'", &enormous, &ramp(12)), "its header speaks of 2 x 18446744073709551615");
    images_are_refused(
        npy("'|u1'", "(2, 2, 3)", &vec![0; 50_000_000]),
        "holds more than the 2 x 2 x 3 values",
    );
    let header = [b"\x93NUMPY\x02\x00", &u32::MAX.to_le_bytes()[..], &vec![b' '; 50_000_000]].concat();
    images_are_refused(header, "speaks of a header of 4294967295 bytes");
    labels_are_refused(
        npy("'<i8'", "(2,)", &[0; 15]),
        ": holds 15 bytes of numbers, but 2 of 8 bytes each are announced; save it again",
    );
    labels_are_refused(npy("'<i8'", "(0, 1)", &[]), ": holds 0 labels, but train_images has 2 images");
}

#[test]
fn labels_that_are_no_classes_are_named() {
    let halves: Vec<u8> = [0.5_f64, 1.0].iter().flat_map(|label| label.to_le_bytes()).collect();
    labels_are_refused(npy("'<f8'", "(2,)", &halves), ": row 1 (index 0): 0.5, but labels are whole numbers");
    labels_are_refused(npy("'|O'", "(2,)", &[0; 16]), ": holds Python objects, which are not read");
    labels_are_refused(npy("'|S3'", "(2,)", b"antbee"), ": holds text; number the classes from 0 to 255");
    labels_are_refused(
        npy("'|u1'", "(2, 14)", &[0; 28]),
        ": has 14 labels per image, shape (2, 14); sets of one class",
    );
    labels_are_refused(npy("'|u1'", "(2, 1, 1)", &[0; 2]), ": has 3 axes; one or two are needed");
    labels_are_refused(npy("'|u1'", "()", &[0]), ": has 0 axes; one or two are needed");
    labels_are_refused(npy("'|i1'", "(2, 1)", &[3, 255]), ", image 1: class -1, but classes are 0 to 255");
    labels_are_refused(
        npy("'<u2'", "(2, 1)", &[0, 1, 3, 0]),
        ", image 0: class 256, but classes are 0 to 255",
    );
    labels_are_refused(train_images(), ": has 3 axes; one or two are needed");
}

#[test]
fn files_that_break_off_anywhere_are_refused() {
    for whole in [small(Stored), small(Deflated)] {
        for length in 0..whole.len() {
            let message = complaint(&whole[..length]);
            let expected = if length < 2 { "set.npz: is no NPZ file" } else { "cut off or damaged" };
            assert!(message.contains(expected), "{length} bytes: {message}");
        }
    }
}

#[test]
fn archives_that_cannot_be_unpacked_are_named() {
    assert!(
        complaint(&train_images()).contains("set.npz: is no NPZ file; numpy.savez_compressed writes them")
    );
    assert!(complaint(b"PK and no more").contains("set.npz: is cut off or damaged"));
    let missing = zipped(&[("train_images", train_images()), ("labels", train_labels())], Deflated);
    let message = complaint(&missing);
    let expected = "set.npz: needs arrays train_images and train_labels, or x_train and y_train; it holds ";
    assert!(message.contains(expected) && message.contains("train_images, labels"), "{message}");
    // The last pixel, of which the archive has a checksum.
    let mut whole = small(Stored);
    let pixels = whole.windows(12).position(|window| window == ramp(12)).expect("stored as they are");
    whole[pixels + 11] ^= 1;
    let message = complaint(&whole);
    assert!(
        message.contains("set.npz, train_images: ") && message.contains("damaged, copy the file again"),
        "{message}"
    );
    // Compression by a method that is not NumPy's, in both headers of the labels.
    let mut other = small(Stored);
    let names: Vec<usize> =
        (0..other.len()).filter(|&place| other[place..].starts_with(b"train_labels")).collect();
    let [local, central] = names.as_slice() else { panic!("a name in each header") };
    (other[local - 22], other[central - 36]) = (98, 98);
    let message = complaint(&other);
    assert!(
        message.contains("set.npz, train_labels: is packed in a way that NumPy does not use"),
        "{message}"
    );
}

#[test]
fn a_path_that_is_not_clear_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "b.npz", &small(Stored));
    write(directory.path(), "a.npz", &small(Stored));
    write(directory.path(), "notes.txt", b"none");
    std::fs::create_dir(directory.path().join("c.npz")).expect("made");
    let message = refused(directory.path());
    assert!(message.contains("holds several NPZ files (a.npz, b.npz); name the one to read"), "{message}");
    let message = refused(&directory.path().join("notes.txt"));
    assert!(message.contains("notes.txt: is neither a directory nor an NPZ file"), "{message}");
    let message = refused(&directory.path().join("nowhere"));
    assert!(message.contains("cannot read") && message.contains("nowhere"), "{message}");
    assert!(refused(&directory.path().join("c.npz")).contains("c.npz: holds no image set"));
}

/// Reads bytes as a set; what is read fits together, and what is refused is named.
fn reading_ends(bytes: &[u8]) -> Result<(), TestCaseError> {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "set.npz", bytes);
    let file: &Path = &directory.path().join("set.npz");
    for part in [Part::Train, Part::Test] {
        match npz::read(file, part) {
            Ok(read) => prop_assert_eq!(read.pixels.len(), read.shape.values() * read.classes.len()),
            Err(error) => prop_assert!(error.to_string().contains("set.npz"), "{}", error),
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_bytes_stop_the_reader(
        bytes in prop_oneof![changed(small(Stored)), changed(small(Deflated)), prop::collection::vec(any::<u8>(), 0..200)],
        zip in any::<bool>(),
    ) {
        reading_ends(&if zip { [b"PK", &bytes[..]].concat() } else { bytes })?;
    }

    #[test]
    fn no_arrays_stop_the_reader(
        images in changed(npy("'|u1'", "(2, 2, 2, 3)", &ramp(24))),
        labels in prop_oneof![changed(train_labels()), changed(npy("'<i8'", "(2,)", &[0; 16]))],
    ) {
        reading_ends(&set_with(images, labels, Stored))?;
    }
}
