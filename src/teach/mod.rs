//! The teaching page, on which overlap, imbalance, weights and losses are changed by hand, and what the losses settle
//! to is seen at once.
//!
//! The page has one call: [`solve`] takes a [`Lesson`] to an [`Answer`]. That path opens no file, starts no thread of
//! its own (`rayon`, which it asks to share work, does so where the platform has threads) and reads no clock: the package `web`
//! compiles it for browsers. [`Server`] serves the page and that one call to browsers on this machine, and to nobody else;
//! [`page_with_solver`] is the page and the compiled solver in one HTML file, for whoever has a browser and nothing else.

mod answer;
#[cfg(feature = "teach")]
mod bundle;
#[cfg(feature = "teach")]
mod guard;
mod lesson;
#[cfg(feature = "teach")]
mod offline;
#[cfg(feature = "teach")]
mod page_files;
#[cfg(feature = "teach")]
mod server;
mod table;
#[cfg(feature = "teach")]
mod worksheet;

pub use answer::{Answer, ProfiledLoss, SampleView, ShownSamples, Solved, solve};
#[cfg(feature = "teach")]
pub use bundle::{SOLVER, SolverError, page_with_solver};
pub use lesson::{
    Lesson, LessonError, Look, LossNamed, MAX_CLASSES, MAX_FEATURES, MAX_SAMPLES, MAX_SERIES,
    MAX_TABLE_BYTES, MAX_WORK, Posed, Profiles, Reply, ReplyKind, check as check_size,
};
#[cfg(feature = "teach")]
pub use offline::offline_files;
#[cfg(feature = "teach")]
pub use server::{LessonProgram, PATIENCE, Server};
pub use table::{EqualTarget, MAX_ROWS, TableAnswer, TableLesson, TableQuestion};
#[cfg(feature = "teach")]
pub use worksheet::worksheets;
