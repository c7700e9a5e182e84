//! A page that is served while a test looks at it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program that was built with the tests, or another build of it that is to be measured.
fn binary() -> PathBuf {
    std::env::var_os("EQUIPOISE_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_equipoise").into(), PathBuf::from)
}

/// `equipoise teach` on a free port; it ends with the test.
pub(crate) struct Served {
    child: Child,
    /// The address on the first line of its output.
    pub(crate) address: String,
}

impl Served {
    pub(crate) fn start() -> Self {
        let mut command = Command::new(binary());
        command.args(["teach", "--port", "0", "--no-open"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("a first line");
        Self { child, address: line.trim().to_owned() }
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Host and port.
    pub(crate) fn host(&self) -> &str {
        self.address.trim_start_matches("http://").trim_end_matches('/')
    }

    /// Sends bytes as they are and returns what comes back until the other side closes or a few seconds have passed.
    pub(crate) fn exchange(&self, request: &[u8]) -> String {
        let address: SocketAddr = self.host().parse().expect("an address");
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        // It may have answered and closed before everything is sent.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Posts a lesson as the page does, and returns status and body.
    pub(crate) fn solve(&self, lesson: &str) -> (u16, String) {
        let host = self.host();
        let answer = self.exchange(
            format!(
                "POST /solve HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: application/json\r\n\
                 Connection: close\r\nContent-Length: {}\r\n\r\n{lesson}",
                lesson.len()
            )
            .as_bytes(),
        );
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, answer.split_once("\r\n\r\n").expect("a head").1.to_owned())
    }

    /// Asks it to end as Ctrl-C does, and returns its exit code if it ends within some seconds.
    pub(crate) fn interrupt(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(5) {
            if let Some(status) = self.child.try_wait().expect("its status") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
