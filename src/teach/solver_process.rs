//! The process that a lesson is solved in. It ends with its lesson, or when nobody waits any more: whatever it computes then
//! stops, and its place is free.

use std::ffi::OsString;
use std::io::{Error, Result};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The program that takes a lesson from its standard input to a [`Reply`](super::Reply) on its standard output: the status of
/// HTTP on the first line, then the JSON.
#[derive(Debug, Clone)]
pub struct LessonProgram {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl LessonProgram {
    /// What the program says to a lesson. When the future is dropped, the program is killed.
    pub(super) async fn answer(&self, lesson: &[u8]) -> Result<(u16, Vec<u8>)> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(lesson).await?;
        }
        status_and_json(child.wait_with_output().await?.stdout)
            .ok_or_else(|| Error::other("there is no answer"))
    }
}

/// The status on the first line, and what follows.
fn status_and_json(mut said: Vec<u8>) -> Option<(u16, Vec<u8>)> {
    let end = said.iter().position(|&byte| byte == b'\n')?;
    let json = said.split_off(end + 1);
    let status = std::str::from_utf8(&said).ok()?.trim().parse().ok()?;
    Some((status, json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_status() {
        assert_eq!(status_and_json(b"200\n{}\n".to_vec()), Some((200, b"{}\n".to_vec())));
        for nothing in [&b""[..], b"200", b"ok\n{}", b"\xff\n"] {
            assert_eq!(status_and_json(nothing.to_vec()), None);
        }
    }
}
