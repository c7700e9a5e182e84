//! The solver of the lecture page in a browser: a lesson in, a reply out, both JSON in the memory of the module.
//!
//! The page asks for room with `lesson`, writes the lesson there, calls `answer`, and reads the reply at `reply`. A panic ends
//! the module; the page then makes another of it.

#![expect(unsafe_code, reason = "functions that JavaScript calls keep their names")]

use equipoise::teach::Reply;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is handed over.
struct Exchange {
    lesson: Vec<u8>,
    reply: Vec<u8>,
}

static EXCHANGE: Mutex<Exchange> = Mutex::new(Exchange { lesson: Vec::new(), reply: Vec::new() });

fn exchange() -> MutexGuard<'static, Exchange> {
    EXCHANGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Room for a lesson of so many bytes; where to write it.
#[unsafe(no_mangle)]
pub extern "C" fn lesson(bytes: usize) -> *mut u8 {
    let mut exchange = exchange();
    exchange.lesson = vec![0; bytes];
    exchange.lesson.as_mut_ptr()
}

/// Answers the lesson that was written; the status that HTTP would have.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> u32 {
    let mut exchange = exchange();
    let reply = Reply::to(&exchange.lesson);
    exchange.reply = reply.json;
    u32::from(reply.kind.status())
}

/// Where the last reply begins.
#[unsafe(no_mangle)]
pub extern "C" fn reply() -> *const u8 {
    exchange().reply.as_ptr()
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn reply_bytes() -> usize {
    exchange().reply.len()
}
