//! The teaching page, on which overlap, imbalance, weights and losses are changed by hand, and what the losses settle
//! to is seen at once.
//!
//! The page has one call: [`solve`] takes a [`Lesson`] to an [`Answer`]. That path opens no file, starts no thread of
//! its own (`rayon`, which it asks to share work, does so where the platform has threads) and reads no clock, so that
//! it can be compiled for a browser. [`Server`] serves the page and that one call to browsers on this machine, and to
//! nobody else.

mod answer;
mod guard;
mod lesson;
mod server;

pub use answer::{Answer, ListedLoss, ProfiledLoss, SampleView, Samples, Solved, solve};
pub use lesson::{
    Lesson, LessonError, Look, LossNamed, MAX_BYTES, MAX_CLASSES, MAX_FEATURES, MAX_SAMPLES, MAX_SERIES,
    MAX_WORK, Posed, Profiles, Reply, ReplyKind, check as check_size,
};
pub use server::{LessonProgram, PATIENCE, Server};
