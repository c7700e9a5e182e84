//! Which sets stay in memory, and how often they are read.

use crate::data::DataError;
use crate::data::images::cache::{ImageCache, Source};
use crate::data::images::{ImageShape, Images, Part};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

fn source(file: &str, part: Part, written: u64) -> Source {
    let written = vec![SystemTime::UNIX_EPOCH + Duration::from_secs(written)];
    Source { files: vec![file.into()], part, written }
}

fn one_image(class: u8) -> Images {
    Images::new(ImageShape { channels: 1, height: 1, width: 1 }, vec![0], vec![class]).expect("one value")
}

/// Asks for a set; whether it had to be read.
fn is_read(cache: &ImageCache, source: Source) -> bool {
    let mut is_read = false;
    let read = || {
        is_read = true;
        Ok(one_image(0))
    };
    cache.get(source, read).expect("it is made here");
    is_read
}

#[test]
fn the_last_four_sets_stay() {
    let cache = ImageCache::new();
    let parts = ["a", "b"].map(|file| [Part::Train, Part::Test].map(|part| source(file, part, 1)));
    let [[a_train, a_test], [b_train, b_test]] = parts;
    for part in [&a_train, &a_test, &b_train, &b_test] {
        assert!(is_read(&cache, part.clone()));
    }
    for part in [&b_test, &a_test, &b_train, &a_train] {
        assert!(!is_read(&cache, part.clone()));
    }
    assert!(is_read(&cache, source("c", Part::Train, 1)));
    for part in [&a_test, &b_train, &a_train] {
        assert!(!is_read(&cache, part.clone()), "{part:?}");
    }
    assert!(is_read(&cache, b_test), "it was asked for before all others");
}

#[test]
fn a_file_that_changed_takes_the_place_of_what_it_was() {
    let cache = ImageCache::new();
    for file in ["a", "b", "c", "d"] {
        assert!(is_read(&cache, source(file, Part::Train, 1)));
    }
    assert!(is_read(&cache, source("d", Part::Train, 2)));
    assert!(!is_read(&cache, source("a", Part::Train, 1)));
}

#[test]
fn threads_that_ask_for_one_set_read_it_once() {
    let cache = ImageCache::new();
    let times = AtomicUsize::new(0);
    let ask = || {
        let read = || {
            times.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(30));
            Ok(one_image(3))
        };
        assert_eq!(cache.get(source("a", Part::Train, 1), read).expect("it is made here").classes(), [3]);
    };
    std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(ask))));
    assert_eq!(times.load(Ordering::SeqCst), 1);
}

#[test]
fn one_set_can_be_had_while_another_is_read() {
    let cache = ImageCache::new();
    let read = || {
        assert!(is_read(&cache, source("other", Part::Train, 1)));
        Ok(one_image(0))
    };
    cache.get(source("a", Part::Train, 1), read).expect("it is made here");
    assert!(!is_read(&cache, source("other", Part::Train, 1)));
}

#[test]
fn what_could_not_be_read_is_tried_again_and_takes_no_place() {
    let cache = ImageCache::new();
    for file in ["a", "b", "c"] {
        assert!(is_read(&cache, source(file, Part::Train, 1)));
    }
    for broken in ["x", "y"] {
        let error =
            cache.get(source(broken, Part::Train, 1), || Err(DataError::invalid(broken, "is cut off")));
        assert_eq!(error.expect_err("refused").to_string(), format!("{broken}: is cut off"));
    }
    assert!(!is_read(&cache, source("a", Part::Train, 1)));
    assert!(is_read(&cache, source("x", Part::Train, 1)));
}
