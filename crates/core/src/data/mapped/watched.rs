//! Which mapped file an address belongs to, for the moment when its page cannot be had.

use super::cut_short;
use crate::signals::{end_with_bytes, on_bad_address};
use crate::text::one_line;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// Files that can be named at once. Beyond these the program ends without a line.
const PLACES: usize = 64;
/// Bytes of a line.
const LONGEST: usize = 1024;

/// A mapped file, in a form that can be read while a signal is answered: without locks and allocations.
struct Place {
    /// The first address; [`FREE`] or [`TAKEN`] where there is no file yet.
    start: AtomicUsize,
    /// The address behind the last byte.
    end: AtomicUsize,
    /// What to say.
    line: [AtomicU8; LONGEST],
    length: AtomicUsize,
}

/// No mapped file starts at these addresses.
const FREE: usize = 0;
const TAKEN: usize = 1;

static PLACE: [Place; PLACES] = [const {
    Place {
        start: AtomicUsize::new(FREE),
        end: AtomicUsize::new(0),
        line: [const { AtomicU8::new(0) }; LONGEST],
        length: AtomicUsize::new(0),
    }
}; PLACES];

/// Holds a place for as long as a file is mapped.
#[derive(Debug)]
pub(super) struct Watched {
    number: usize,
}

impl Watched {
    pub(super) fn new(bytes: &[u8], file: &str) -> Option<Self> {
        let free = |place: &Place| {
            place.start.compare_exchange(FREE, TAKEN, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        let number = PLACE.iter().position(free)?;
        let place = &PLACE[number];
        let line = line_about(file);
        place.line.iter().zip(line.bytes()).for_each(|(place, byte)| place.store(byte, Ordering::Relaxed));
        place.length.store(line.len(), Ordering::Relaxed);
        let start = bytes.as_ptr() as usize;
        place.end.store(start + bytes.len(), Ordering::Relaxed);
        place.start.store(start, Ordering::Release);
        Some(Self { number })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        PLACE[self.number].start.store(FREE, Ordering::Release);
    }
}

fn line_about(file: &str) -> String {
    const ROOM_FOR_NAME: usize = LONGEST - 200;
    let mut name = one_line(file);
    while name.len() > ROOM_FOR_NAME {
        name.pop();
    }
    format!("error: {name}: {}\n", cut_short())
}

/// Says which file it is when a page of it cannot be had, and ends the program.
pub(super) fn answer() {
    on_bad_address(|address| {
        if let Some(place) = place_of(address) {
            end_with_bytes(place.bytes());
        }
    });
}

impl Place {
    /// What to say, byte by byte: the stack for signals has no room for a line.
    fn bytes(&self) -> impl Iterator<Item = u8> {
        self.line.iter().take(self.length.load(Ordering::Relaxed)).map(|byte| byte.load(Ordering::Relaxed))
    }
}

/// The file that an address is in.
fn place_of(address: usize) -> Option<&'static Place> {
    let holds = |place: &&Place| {
        let start = place.start.load(Ordering::Acquire);
        start > TAKEN && (start..place.end.load(Ordering::Relaxed)).contains(&address)
    };
    PLACE.iter().find(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_the_file_that_is_mapped_there() {
        let (one, other) = (vec![0_u8; 10_000], vec![0_u8; 10_000]);
        let said = |bytes: &[u8]| {
            let place = place_of(bytes.as_ptr() as usize + 9_999)?;
            Some(String::from_utf8(place.bytes().collect()).expect("text"))
        };
        let first = Watched::new(&one, "one\n.npy").expect("a place");
        let long = "ä".repeat(5_000);
        let second = Watched::new(&other, &long).expect("a place");
        assert!(said(&one).expect("known").starts_with("error: one .npy: was cut short"));
        let about_long = said(&other).expect("known");
        assert!(about_long.ends_with("run this again\n") && about_long.len() <= LONGEST);
        drop(first);
        assert_eq!(said(&one), None);
        drop(second);
        assert_eq!(said(&other), None);
    }
}
