//! Signals by which the system ends programs, answered with a line that says why.

#[cfg(unix)]
pub use unix::{answer_limits, end_with, say_when_interrupted};
#[cfg(unix)]
pub(crate) use unix::{end_with_bytes, on_bad_address};

/// Other systems have no such signals.
#[cfg(not(unix))]
pub fn answer_limits() {}

/// Other systems have no such signals.
#[cfg(not(unix))]
pub fn say_when_interrupted(_: String) {}

/// Writes a line to standard error and ends the program with exit code 2.
#[cfg(not(unix))]
pub fn end_with(line: &[u8]) -> ! {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line);
    std::process::exit(2)
}

#[cfg(unix)]
mod unix {
    use std::ffi::{c_int, c_void};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// What is called when a signal arrives, with the address that was read. It may do nothing but read memory and call
    /// [`end_with_bytes`]. The stack for signals is small: a kilobyte on it is much.
    pub(crate) type Answer = fn(address: usize);

    /// Exit code for what the user can mend.
    const BAD_INPUT: c_int = 2;

    static SPOKEN: AtomicBool = AtomicBool::new(false);
    static BAD_ADDRESS: OnceLock<Answer> = OnceLock::new();
    static LAST_WORDS: OnceLock<String> = OnceLock::new();

    /// Calls `answer` when a page of a mapped file cannot be had. If it returns, the program ends as it would have.
    pub(crate) fn on_bad_address(answer: Answer) {
        if BAD_ADDRESS.set(answer).is_ok() {
            handle(libc::SIGBUS, bad_address);
        }
    }

    /// Makes a file that grows beyond the limit on files an error of writing it, and says so when the limit on processor
    /// time is reached.
    pub fn answer_limits() {
        // Handled rather than ignored: programs that are started from here would inherit that.
        handle(libc::SIGXFSZ, nothing);
        handle(libc::SIGXCPU, out_of_time);
    }

    /// Writes a line to standard error when the program is interrupted, which then ends as ever. The first line counts.
    pub fn say_when_interrupted(line: String) {
        if LAST_WORDS.set(line).is_ok() {
            handle(libc::SIGINT, interrupted);
        }
    }

    extern "C" fn interrupted(signal: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
        if let Some(line) = LAST_WORDS.get() {
            write(line.as_bytes());
        }
        default(signal);
        raise(signal);
    }

    extern "C" fn nothing(_: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {}

    extern "C" fn out_of_time(_: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
        end_with(b"error: the limit on processor time (ulimit -t) is reached; raise it\n");
    }

    extern "C" fn bad_address(signal: c_int, about: *mut libc::siginfo_t, _: *mut c_void) {
        if let Some(answer) = BAD_ADDRESS.get() {
            answer(address_of(about));
        }
        default(signal);
    }

    /// Writes a line to standard error and ends the program with exit code 2, by calls that are allowed while a signal is
    /// answered. Of several threads that get here at once, one speaks.
    pub fn end_with(line: &[u8]) -> ! {
        speak_alone();
        write(line);
        end()
    }

    /// The same with a line that is not in one place, in pieces that the stack for signals has room for.
    pub(crate) fn end_with_bytes(line: impl Iterator<Item = u8>) -> ! {
        speak_alone();
        let (mut piece, mut length) = ([0_u8; 256], 0);
        for byte in line {
            piece[length] = byte;
            length += 1;
            if length == piece.len() {
                write(&piece);
                length = 0;
            }
        }
        write(&piece[..length]);
        end()
    }

    /// Comes back in one thread only.
    #[expect(
        unsafe_code,
        reason = "the standard library has no wait that is allowed while a signal is answered"
    )]
    fn speak_alone() {
        if SPOKEN.swap(true, Ordering::Relaxed) {
            loop {
                // SAFETY: async-signal-safe.
                unsafe {
                    libc::pause();
                }
            }
        }
    }

    #[expect(unsafe_code, reason = "the standard library takes a lock before it writes to standard error")]
    fn write(bytes: &[u8]) {
        // SAFETY: async-signal-safe; the bytes are valid for as long as they are read.
        unsafe {
            libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len());
        }
    }

    #[expect(unsafe_code, reason = "the standard library runs other code before it ends the program")]
    fn end() -> ! {
        // SAFETY: async-signal-safe.
        unsafe { libc::_exit(BAD_INPUT) }
    }

    #[expect(unsafe_code, reason = "the standard library does not handle signals")]
    fn handle(signal: c_int, handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void)) {
        // SAFETY: a zeroed action is valid and has an empty mask; the handler has the signature that SA_SIGINFO asks for, and
        // makes no call but those that are async-signal-safe.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }

    /// Lets a signal end the program when it comes again, as it does at once where an instruction is repeated.
    #[expect(unsafe_code, reason = "the standard library does not handle signals")]
    fn default(signal: c_int) {
        // SAFETY: async-signal-safe, and the default action needs no handler.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }

    #[expect(unsafe_code, reason = "the standard library sends no signals")]
    fn raise(signal: c_int) {
        // SAFETY: async-signal-safe; the signal arrives when the handler returns.
        unsafe {
            libc::raise(signal);
        }
    }

    #[expect(unsafe_code, reason = "the system hands the address over behind a pointer")]
    fn address_of(about: *mut libc::siginfo_t) -> usize {
        // SAFETY: the system passes a valid pointer to handlers with SA_SIGINFO, and this signal is about an address.
        unsafe { (*about).si_addr() as usize }
    }
}
