//! Image files written by hand, whole and broken.

mod cache;
mod npz;

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::io::Write;
use std::path::Path;

fn idx(sizes: &[u32], magic: u32, bytes: &[u8]) -> Vec<u8> {
    let header = std::iter::once(&magic).chain(sizes).flat_map(|word| word.to_be_bytes());
    header.chain(bytes.iter().copied()).collect()
}

/// Six images of 2 x 3 pixels, of classes 1, 0, 1, 4, 4, 4.
fn small() -> (Vec<u8>, Vec<u8>) {
    let pixels: Vec<u8> = (0..36).map(|value| value * 7).collect();
    (idx(&[6, 2, 3], 0x0803, &pixels), idx(&[6], 0x0801, &[1, 0, 1, 4, 4, 4]))
}

fn write(directory: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(directory.join(name), bytes).expect("written");
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn refused(directory: &Path) -> String {
    read_images(directory, Part::Train).expect_err("refused").to_string()
}

#[test]
fn plain_and_gzipped_files_hold_the_same() {
    let (images, labels) = small();
    let [plain, packed] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    write(plain.path(), "train-images-idx3-ubyte", &images);
    write(plain.path(), "train-labels.idx1-ubyte", &labels);
    write(packed.path(), "train-images-idx3-ubyte.gz", &gzipped(&images));
    write(packed.path(), "train-labels-idx1-ubyte.gz", &gzipped(&labels));
    let read = read_images(plain.path(), Part::Train).expect("well formed");
    assert_eq!(*read, *read_images(packed.path(), Part::Train).expect("well formed"));
    assert_eq!(read.shape(), ImageShape { channels: 1, height: 2, width: 3 });
    assert_eq!(read.pixels(2), [84, 91, 98, 105, 112, 119]);
    assert_eq!(read.class_counts(), [(0, 1), (1, 2), (4, 3)]);
    assert!(refused_test(plain.path()).contains("holds no image set"));
}

fn refused_test(directory: &Path) -> String {
    read_images(directory, Part::Test).expect_err("no test part").to_string()
}

#[test]
fn subsets_are_nested_and_named() {
    let (images, labels) = small();
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "train-images-idx3-ubyte", &images);
    write(directory.path(), "train-labels-idx1-ubyte", &labels);
    let read = read_images(directory.path(), Part::Train).expect("well formed");
    let subset = read.subset(&[4, 1], &[2, 1], 3).expect("enough images");
    assert_eq!(subset.labels().class_names(), ["4", "1"]);
    assert_eq!(subset.features().shape(), (6, 3));
    assert_eq!(subset.feature_names()[4], "pixel_r1_c1");
    let larger = read.subset(&[4, 1], &[3, 2], 3).expect("enough images");
    assert_eq!(larger.features().column(0), subset.features().column(0));
    let value = subset.features()[(0, 2)] * 255.0;
    assert!(value == 0.0 || value == 84.0, "an image of class 1: {value}");
    let wrong = |classes: &[u8], counts: &[usize]| {
        read.subset(classes, counts, 3).expect_err("impossible").to_string()
    };
    assert!(wrong(&[4, 1], &[4, 1]).contains("class 4: 4 images asked for, but there are 3"));
    assert!(wrong(&[4, 4], &[1, 1]).contains("named twice"));
    assert!(wrong(&[4], &[1, 1]).contains("1 classes, but 2 counts"));
    assert!(wrong(&[4, 2], &[1, 0]).contains("no sample"));
}

#[test]
fn broken_pairs_are_named() {
    let (images, labels) = small();
    for (images, labels, expected) in [
        (
            &images[..40],
            &labels[..],
            "train-images-idx3-ubyte: is cut off: its header speaks of 6 x 2 x 3 values, 24",
        ),
        (&images[..9], &labels, "cut off within its header"),
        (&labels, &images, "holds labels, not images"),
        (
            &images,
            &images,
            "train-labels-idx1-ubyte: begins with 0x00000803, where 0x00000801 is expected: it holds images",
        ),
        (&b"PK\x03\x04 and so on"[..], &labels, "no IDX file"),
        (&images, &idx(&[5], 0x0801, &[0, 1, 0, 1, 0])[..], "holds 5 labels, but"),
        (&[&images[..], &[0]].concat()[..], &labels, "more than the 6 x 2 x 3"),
        (&idx(&[u32::MAX; 3], 0x0803, &[])[..], &labels, "which cannot be"),
        (&idx(&[0, 28, 28], 0x0803, &[])[..], &labels, "which cannot be"),
        (&gzipped(&images)[..40], &labels, "cannot read"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        write(directory.path(), "train-images-idx3-ubyte", images);
        write(directory.path(), "train-labels-idx1-ubyte", labels);
        let message = refused(directory.path());
        assert!(message.contains(expected), "{message:?} lacks {expected:?}");
        assert_eq!(message.lines().count(), 1);
    }
}

#[test]
fn a_partner_that_is_missing_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "train-images-idx3-ubyte", &small().0);
    assert!(refused(directory.path()).contains("train-labels-idx1-ubyte: is missing beside"));
}

#[test]
fn a_gzipped_file_that_unpacks_to_more_than_it_says_is_not_unpacked() {
    let directory = tempfile::tempdir().expect("a directory");
    let bomb = gzipped(&idx(&[6, 2, 3], 0x0803, &vec![0; 50_000_000]));
    write(directory.path(), "train-images-idx3-ubyte.gz", &bomb);
    write(directory.path(), "train-labels-idx1-ubyte", &small().1);
    assert!(refused(directory.path()).contains("more than the 6 x 2 x 3"));
}

/// Writes a pair that cannot be read; what is said of it names the file `blamed` and contains `expected`.
#[track_caller]
fn pair_is_refused(images: &[u8], labels: &[u8], blamed: &str, expected: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "train-images-idx3-ubyte.gz", images);
    write(directory.path(), "train-labels-idx1-ubyte.gz", labels);
    let message = refused(directory.path());
    for part in [blamed, expected] {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
    assert_eq!(message.lines().count(), 1, "{message:?}");
}

#[test]
fn pairs_that_break_off_anywhere_name_the_file() {
    let (images, labels) = small();
    for length in 0..images.len() {
        pair_is_refused(&images[..length], &labels, "train-images-idx3-ubyte.gz: ", "is cut off");
    }
    for length in 0..labels.len() {
        pair_is_refused(&images, &labels[..length], "train-labels-idx1-ubyte.gz: ", "is cut off");
    }
    let packed = [gzipped(&images), gzipped(&labels)];
    for length in 2..packed[0].len() {
        pair_is_refused(&packed[0][..length], &packed[1], "train-images-idx3-ubyte.gz: ", "cut off");
    }
    for length in 2..packed[1].len() {
        pair_is_refused(&packed[0], &packed[1][..length], "train-labels-idx1-ubyte.gz: ", "cut off");
    }
}

#[test]
fn packed_pairs_that_do_not_fit_name_the_file() {
    let (images, labels) = small();
    let (images_file, labels_file) = ("train-images-idx3-ubyte.gz: ", "train-labels-idx1-ubyte.gz: ");
    let [images, labels] = [images, labels].map(|bytes| gzipped(&bytes));
    pair_is_refused(
        &labels,
        &images,
        images_file,
        "0x00000801, where 0x00000803 is expected: it holds labels",
    );
    pair_is_refused(&images, &images, labels_file, "it holds images, not labels");
    // Words of two bytes rather than bytes.
    pair_is_refused(
        &gzipped(&idx(&[1, 1, 1], 0x0b03, &[0; 2])),
        &labels,
        images_file,
        "no IDX file of bytes",
    );
    pair_is_refused(&images, b"1,0,1,4,4,4\n", labels_file, "no IDX file of bytes");
    let fewer = gzipped(&idx(&[5], 0x0801, &[0; 5]));
    pair_is_refused(&images, &fewer, labels_file, "holds 5 labels, but");
    let longer = gzipped(&idx(&[5], 0x0801, &[0; 6]));
    pair_is_refused(&images, &longer, labels_file, "more than the 5 values");
    pair_is_refused(
        &gzipped(&idx(&[6, 0, 3], 0x0803, &[])),
        &labels,
        images_file,
        "6 x 0 x 3 values, which cannot be",
    );
    let mut changed = images.clone();
    let end = changed.len() - 6;
    changed[end] ^= 1;
    pair_is_refused(&changed, &labels, images_file, "damaged, copy the file again");
}

/// Bytes changed here and there, and cut off.
fn changed(whole: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = whole.len();
    let changes = prop::collection::vec((0..length, any::<u8>()), 0..6);
    let end = prop_oneof![3 => Just(length), 1 => 0..length];
    (changes, end).prop_map(move |(changes, end)| {
        let mut bytes = whole.clone();
        changes.into_iter().for_each(|(place, value)| bytes[place] = value);
        bytes.truncate(end);
        bytes
    })
}

proptest! {
    #[test]
    fn no_bytes_stop_the_reader_of_pairs(
        images in prop_oneof![changed(small().0), changed(gzipped(&small().0)), prop::collection::vec(any::<u8>(), 0..60)],
        labels in prop_oneof![changed(small().1), changed(gzipped(&small().1)), prop::collection::vec(any::<u8>(), 0..20)],
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        write(directory.path(), "images", &images);
        write(directory.path(), "labels", &labels);
        match idx::read(&directory.path().join("images"), &directory.path().join("labels")) {
            Ok(read) => prop_assert_eq!(read.pixels.len(), read.shape.values() * read.classes.len()),
            Err(error) => prop_assert!(error.to_string().contains(directory.path().to_str().expect("text"))),
        }
    }
}

fn cifar(label_bytes: &[&[u8]]) -> Vec<u8> {
    label_bytes.iter().flat_map(|labels| [labels.to_vec(), vec![labels[0]; 3072]].concat()).collect()
}

#[test]
fn cifar_files_are_read_in_order() {
    let directory = tempfile::tempdir().expect("a directory");
    for batch in 1_u8..=5 {
        write(directory.path(), &format!("data_batch_{batch}.bin"), &cifar(&[&[batch], &[0]]));
    }
    let read = read_images(directory.path(), Part::Train).expect("well formed");
    assert_eq!(read.classes(), [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
    assert_eq!(read.shape().to_string(), "32 x 32 in 3 channels");
    assert!(read.pixels(4).iter().all(|&value| value == 3));
    assert_eq!(read.shape().names()[1024], "pixel_k1_r0_c0");
    std::fs::remove_file(directory.path().join("data_batch_3.bin")).expect("removed");
    assert!(refused(directory.path()).contains("data_batch_3.bin: is missing beside"));
}

#[test]
fn cifar_100_is_read_by_its_fine_labels() {
    let directory = tempfile::tempdir().expect("a directory");
    let packed = directory.path().join("cifar-100-binary");
    std::fs::create_dir(&packed).expect("made");
    write(&packed, "train.bin", &cifar(&[&[3, 99], &[4, 0]]));
    assert_eq!(read_images(directory.path(), Part::Train).expect("well formed").classes(), [99, 0]);
    write(&packed, "train.bin", &cifar(&[&[3, 100]]));
    assert!(refused(directory.path()).contains("image 0: class 100, but classes are 0 to 99"));
    write(&packed, "train.bin", &[0; 3000]);
    assert!(refused(directory.path()).contains("3000 bytes, which are no whole number"));
}

#[test]
fn broken_cifar_files_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let whole = cifar(&[&[9], &[0]]);
    for batch in 1..=5 {
        write(directory.path(), &format!("data_batch_{batch}.bin"), &whole);
    }
    let of_hundred = cifar(&[&[3, 9]]);
    for (bytes, expected) in [
        (
            &whole[..whole.len() - 1],
            "data_batch_4.bin: holds 6145 bytes, which are no whole number of images (3073",
        ),
        (&[], "data_batch_4.bin: holds 0 bytes"),
        (&of_hundred, "data_batch_4.bin: holds 3074 bytes"),
        (&cifar(&[&[9], &[10]]), "data_batch_4.bin, image 1: class 10, but classes are 0 to 9"),
    ] {
        write(directory.path(), "data_batch_4.bin", bytes);
        let message = refused(directory.path());
        assert!(message.contains(expected), "{message:?} lacks {expected:?}");
    }
}

#[test]
fn files_that_change_are_read_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let write_class = |class: u8| {
        write(directory.path(), "train-images-idx3-ubyte", &idx(&[2, 1, 1], 0x0803, &[class; 2]));
        write(directory.path(), "train-labels-idx1-ubyte", &idx(&[2], 0x0801, &[class, 9]));
    };
    write_class(1);
    let first = read_images(directory.path(), Part::Train).expect("well formed");
    // Whatever the clock of the file system resolves.
    std::thread::sleep(std::time::Duration::from_millis(20));
    write_class(2);
    let second = read_images(directory.path(), Part::Train).expect("well formed");
    assert_eq!((first.classes()[0], second.classes()[0]), (1, 2));
}
