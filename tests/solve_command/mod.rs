//! `equipoise solve` as a user runs it: right answers, ends without an answer, bad input, any input.

mod answers;
mod any_file;
mod bad_input;
mod checkpoint;
mod every_loss;
mod interruption;
mod known_tables;
mod no_answer;
mod npy_files;
mod other_points;
mod presentation;
mod run;
mod sweep;
