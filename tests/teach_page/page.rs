//! The page as tests see it: what is open, what is moved, what is shown.

use super::served::Served;
use crate::browser::Browser;
use assert_cmd::Command;
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long an answer may take on a machine that has much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Opens a link of the page anew and waits until what is seen no longer changes.
pub(crate) fn open(browser: &Browser, served: &Served, link: &str) {
    open_at(browser, &served.address, link);
}

/// The same of a page at any address. A query of its own has the page loaded anew, which an empty page in between would do too, at
/// almost twice the cost.
pub(crate) fn open_at(browser: &Browser, address: &str, link: &str) {
    static OPENED: AtomicUsize = AtomicUsize::new(0);
    let number = OPENED.fetch_add(1, Ordering::Relaxed);
    browser.open(&format!("{address}?{number}{link}"));
    wait_until_ready(browser);
}

pub(crate) fn wait_until_ready(browser: &Browser) {
    let begun = Instant::now();
    loop {
        let state = browser.ask("return document.documentElement.dataset.state ?? ''");
        if state == "ready" || state == "refused" {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "still {state}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Puts a slider to a share of its way, as a hand does.
pub(crate) fn slide(browser: &Browser, key: &str, fraction: f64) {
    browser.ask(&format!(
        "const slider = document.getElementById('control-{key}');
         slider.value = Number(slider.min) + {fraction} * (Number(slider.max) - Number(slider.min));
         slider.dispatchEvent(new Event('input', {{ bubbles: true }}))"
    ));
    wait_until_ready(browser);
}

/// Every number on the page by its name, with all its digits.
pub(crate) fn numbers(browser: &Browser) -> Value {
    browser.ask(
        "return Object.fromEntries([...document.querySelectorAll('data[data-name]')].map(element => [element.dataset.name, element.value]))",
    )
}

/// Everything that is drawn.
pub(crate) fn drawn(browser: &Browser) -> Value {
    browser.ask("return [...document.querySelectorAll('.picture svg')].map(drawing => drawing.outerHTML)")
}

/// What a button that saves something saves, now or soon. Scripts of workers are made in the same way, and are not meant.
pub(crate) fn saved(browser: &Browser, button: &str) -> String {
    let saved = browser.ask_later(&format!(
        "const done = arguments[arguments.length - 1];
         const make = URL.createObjectURL;
         URL.createObjectURL = (blob) => {{
             if (blob.type !== 'text/javascript') {{
                 URL.createObjectURL = make;
                 blob.text().then(done);
             }}
             return make.call(URL, blob);
         }};
         document.querySelector('{button}').click()"
    ));
    saved.as_str().expect("a file").to_owned()
}

/// The records that `equipoise run` leaves of a design.
pub(crate) fn records(design: &str) -> Vec<Value> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("design.toml"), design).expect("written");
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    command.current_dir(directory.path()).args(["run", "design.toml", "--out", "out", "--format", "svg"]);
    command.assert().success();
    let text = std::fs::read_to_string(directory.path().join("out/records.json")).expect("records");
    let read: Value = serde_json::from_str(&text).expect("JSON");
    read.as_array().or_else(|| read["records"].as_array()).expect("a list").clone()
}

pub(crate) fn measured(records: &[Value], series: usize, measure: &str, place: usize) -> f64 {
    records[series]["measured"][measure][place].as_f64().unwrap_or(f64::NAN)
}

pub(crate) fn shown(numbers: &Value, name: &str) -> f64 {
    numbers[name].as_str().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}
