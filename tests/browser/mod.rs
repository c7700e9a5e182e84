//! A real browser, spoken to in the `WebDriver` protocol.
//!
//! Needs `chromium` and `chromedriver` (Debian: `chromium chromium-driver`). Without them its tests are left out, and
//! `scripts/test` says so. `chromium-headless-shell`, the same browser without windows, is taken where it is installed.

mod hand;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A driver takes any free port for IPv4, and ends where another has just taken the same one for IPv6.
const MAX_STARTS: usize = 5;

/// The browser without windows starts in a third, and shows a page in three quarters, of the processor time. The script of that name in
/// `/usr/bin` ends without its browser.
const WINDOWLESS: &str = "/usr/lib/chromium/chromium-headless-shell";

/// A browser with one window; both end with the test.
pub(crate) struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    /// Starts a driver on any free port, and through it a browser with a window of a size; `None` where no driver is
    /// installed.
    pub(crate) fn start((width, height): (u32, u32)) -> Option<Self> {
        let (driver, port) = started_driver()?;
        let mut browser = Self { driver, session: format!("http://127.0.0.1:{port}/session") };
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ];
        let device = json!({ "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1.0 } });
        let mut options = json!({ "args": arguments, "mobileEmulation": device });
        if Path::new(WINDOWLESS).exists() {
            options["binary"] = json!(WINDOWLESS);
        }
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        let answer = browser.post("", &capabilities);
        let id = answer["sessionId"].as_str().expect("a session").to_owned();
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn open(&self, address: &str) {
        self.post("/url", &json!({ "url": address }));
    }

    /// What a script returns.
    pub(crate) fn ask(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What the page has written to its console.
    pub(crate) fn console(&self) -> Value {
        self.post("/se/log", &json!({ "type": "browser" }))
    }

    /// The answer to a command.
    pub(crate) fn post(&self, command: &str, body: &Value) -> Value {
        self.try_post(command, body).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// The answer to a command, or what the driver says is wrong: it waits for ten seconds at most.
    pub(crate) fn try_post(&self, command: &str, body: &Value) -> Result<Value, String> {
        let address = format!("{}{command}", self.session);
        let configuration = ureq::Agent::config_builder().http_status_as_error(false).build();
        let answer = ureq::Agent::new_with_config(configuration).post(&address).send_json(body);
        let mut answer = answer.map_err(|error| error.to_string())?;
        let mut read: Value = answer.body_mut().read_json().map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(read["value"].take()) } else { Err(read.to_string()) }
    }
}

/// A driver and its port; `None` where none is installed.
fn started_driver() -> Option<(Child, u16)> {
    for _ in 0..MAX_STARTS {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn();
        let mut driver = match started {
            Ok(driver) => driver,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("left out: chromedriver is not installed");
                return None;
            }
            Err(error) => panic!("chromedriver: {error}"),
        };
        let output = BufReader::new(driver.stdout.take().expect("its output"));
        let port = |line: String| {
            line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse::<u16>().ok()
        };
        if let Some(port) = output.lines().map_while(Result::ok).find_map(port) {
            return Some((driver, port));
        }
        driver.wait().expect("its end");
    }
    panic!("chromedriver does not say its port, {MAX_STARTS} times");
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = ureq::delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
