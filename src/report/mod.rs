//! Verdicts and figures as one self-contained page: no script, no network, readable on paper and on a phone.

mod date;
mod escape;
mod notation;
mod page;
mod verdicts;

pub use page::{Report, ReportError, render, write};

#[cfg(test)]
mod tests;
