//! A lesson and its answer as bytes: what comes over the wire, and what goes back.

use super::answer::solve;
use super::lesson::{Lesson, LessonError};
use crate::text::with_short_numbers;
use serde_json::json;

/// How a lesson ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyKind {
    /// It is answered.
    Answered,
    /// It is too much for a page.
    TooLarge,
    /// It is no lesson, or asks for what cannot be.
    Unsound,
}

impl ReplyKind {
    /// The status of HTTP that says so.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Answered => 200,
            Self::TooLarge => 413,
            Self::Unsound => 422,
        }
    }
}

/// What a lesson is answered: an answer, or `{"refused": ".."}`, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// How it ended.
    pub kind: ReplyKind,
    /// What is said.
    pub json: Vec<u8>,
}

impl Reply {
    /// Answers a lesson that is given as JSON.
    #[must_use]
    pub fn to(lesson: &[u8]) -> Self {
        match answered(lesson) {
            Ok(json) => Self { kind: ReplyKind::Answered, json },
            Err(error) => {
                let too_large = matches!(error, LessonError::TooLarge { .. });
                let kind = if too_large { ReplyKind::TooLarge } else { ReplyKind::Unsound };
                Self { kind, json: refused(&error.to_string()) }
            }
        }
    }
}

fn answered(lesson: &[u8]) -> Result<Vec<u8>, LessonError> {
    let lesson: Lesson = serde_json::from_slice(lesson)?;
    Ok(serde_json::to_vec(&solve(&lesson)?)?)
}

/// Why there is no answer, as the page reads it.
pub(super) fn refused(why: &str) -> Vec<u8> {
    json!({ "refused": with_short_numbers(why) }).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reply_is_json() {
        let profiles = |counts: &str| {
            let lesson = format!(
                r#"{{"losses":{{"losses":[{{"name":"softmax"}}],"counts":{counts},"class":0,"max_logit":4.0}}}}"#
            );
            Reply::to(lesson.as_bytes())
        };
        for (reply, status) in [
            (profiles("[10, 5]"), 200),
            (profiles("[10000, 5]"), 413),
            (profiles("[]"), 422),
            (Reply::to(b"{"), 422),
            (Reply::to(&[0xff]), 422),
        ] {
            let value: serde_json::Value = serde_json::from_slice(&reply.json).expect("JSON");
            assert_eq!(reply.kind.status(), status, "{value}");
            assert_eq!(value.get("refused").is_some(), status != 200, "{value}");
        }
    }
}
