//! The page as one file, with the solver in it, as a visitor of a web site has it: from a subfolder, from a disk, on a phone, and
//! with the server gone.
//!
//! The solver is what `scripts/site` has compiled; where it has not, these tests are left out.

use super::in_browser::{CASES, SCENES, check_scene};
use super::page::{PATIENCE, numbers, open_at, shown, slide, wait_until_ready};
use crate::browser::Browser;
use assert_cmd::Command as Program;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;

/// What is allowed between numbers of two machines: the order of sums differs, and so do the last digits of exponentials.
const TOLERANCE: f64 = 1e-12;

/// The page, exported below a directory that may be served.
pub(super) struct Site {
    directory: TempDir,
}

/// Where in it the page is.
const FOLDER: &str = "courses/statistics";

impl Site {
    /// `None` where there is no compiled solver.
    pub(super) fn export() -> Option<Self> {
        let solver = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/site/solver.wasm.gz");
        if !solver.is_file() {
            eprintln!("left out: the solver for browsers is not compiled (scripts/site)");
            return None;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = Program::cargo_bin("equipoise").expect("the binary is built");
        command.args(["teach", "--export"]).arg(directory.path().join(FOLDER)).arg("--solver").arg(solver);
        command.assert().success();
        Some(Self { directory })
    }

    fn page(&self) -> PathBuf {
        self.directory.path().join(FOLDER).join("index.html")
    }
}

/// Python's web server over the site; it ends with the test.
pub(super) struct WebServer {
    child: Child,
    pub(super) address: String,
}

impl WebServer {
    /// `None` without Python.
    fn start(site: &Site) -> Option<Self> {
        let mut command = Command::new("python3");
        command.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"]);
        command.arg(site.directory.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut child) = command.spawn() else {
            eprintln!("left out: python3 is not installed");
            return None;
        };
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("a first line");
        let port =
            line.split(" port ").nth(1).and_then(|rest| rest.split(' ').next()).expect("it says its port");
        Some(Self { child, address: format!("http://127.0.0.1:{port}/{FOLDER}/") })
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser on the site, if there is all that it takes.
pub(super) fn visited(size: (u32, u32)) -> Option<(Site, WebServer, Browser)> {
    let site = Site::export()?;
    let server = WebServer::start(&site)?;
    let browser = Browser::start(size)?;
    Some((site, server, browser))
}

/// What was fetched beside the page.
pub(super) fn fetched(browser: &Browser) -> Value {
    browser.ask("return performance.getEntriesByType('resource').map(entry => entry.name).filter(name => !name.startsWith('data:') && !name.startsWith('blob:'))")
}

#[test]
fn every_scene_reads_well_from_a_subfolder_on_a_desk_and_on_a_phone() {
    // Dark is a matter of colours and not of room.
    for (size, look) in [((1280, 900), "?theme=dark"), ((390, 844), "")] {
        let Some((_site, server, browser)) = visited(size) else { return };
        for scene in SCENES {
            open_at(&browser, &server.address, &format!("#{scene}{look}"));
            check_scene(&browser, &format!("{scene}{look} at {}", size.0), &server.address);
            assert_eq!(fetched(&browser), json!([]), "{scene}");
        }
    }
}

#[test]
fn numbers_in_the_browser_are_those_of_the_program() {
    let Some((_site, server, browser)) = visited((1280, 900)) else { return };
    for case in CASES {
        open_at(&browser, &server.address, &format!("#{}", case.scene));
        case.check(&browser, |seen, run| (seen - run).abs() <= TOLERANCE * run.abs().max(1.0));
    }
    assert_eq!(browser.console(), json!([]));
}

/// Two overlapping classes with a third column.
fn table() -> String {
    let rows = (0..90).map(|row| {
        let class = if row % 5 == 0 { "rare" } else { "common" };
        let shift = if row % 5 == 0 { 2.25 } else { 0.0 };
        let (x, y) = (f64::from(row * 7 % 11), f64::from(row * 5 % 13));
        format!("{},{},{},{class}\n", x + shift, y, f64::from(row * 3 % 8) / 4.0)
    });
    format!("x,y,z,class\n{}", rows.collect::<String>())
}

/// Lets a file fall onto the page.
pub(super) fn drop_file(browser: &Browser, name: &str, text: &str) {
    browser.ask(&format!(
        "const transfer = new DataTransfer();
         transfer.items.add(new File([{text:?}], {name:?}, {{ type: 'text/csv' }}));
         document.getElementById('drop').dispatchEvent(new DragEvent('drop', {{ dataTransfer: transfer, bubbles: true, cancelable: true }}))"
    ));
    // Its columns are asked for, and then the first question.
    let begun = Instant::now();
    while browser.ask("return document.getElementById('own-file').textContent") != name {
        assert!(begun.elapsed() < PATIENCE, "{name} is not taken");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    wait_until_ready(browser);
}

#[test]
fn a_table_that_is_dropped_on_the_page_is_solved_as_by_the_program() {
    let Some((_site, server, browser)) = visited((1280, 900)) else { return };
    open_at(&browser, &server.address, "#own-data");
    drop_file(&browser, "own.csv", &table());
    let on_page = numbers(&browser);
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("own.csv");
    std::fs::write(&file, table()).expect("written");
    let mut command = Program::cargo_bin("equipoise").expect("the binary is built");
    command.arg("solve").arg(&file);
    command.args([
        "--label",
        "class",
        "--loss",
        "softmax",
        "--l2",
        "1e-3",
        "--standardize",
        "--format",
        "json",
    ]);
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let solved: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for (name, expected) in [
        ("shortfall-0", &solved["shortfall"][0]),
        ("shortfall-1", &solved["shortfall"][1]),
        ("recall-1", &solved["classification"]["recall"][1]),
        ("accuracy", &solved["classification"]["accuracy"]),
    ] {
        let (seen, expected) = (shown(&on_page, name), expected.as_f64().expect("a number"));
        assert!(
            (seen - expected).abs() <= TOLERANCE * expected.abs(),
            "{name}: {seen} on the page, {expected} by solve"
        );
    }
    // Other questions about the same table.
    for (preset, number) in [(1, "weight-1"), (2, "")] {
        browser.ask(&format!("document.querySelectorAll('#presets button')[{preset}].click()"));
        wait_until_ready(&browser);
        if !number.is_empty() {
            assert!(shown(&numbers(&browser), number) > 0.0, "{}", numbers(&browser));
        }
    }
    // These columns are no scores of classes: the last question is refused, and nothing is left of the ones before.
    let left = browser.ask(
        "return [document.documentElement.dataset.state, document.getElementById('picture-report').textContent]",
    );
    assert_eq!(left, json!(["refused", ""]));
    // What is no table says so in place of an answer.
    open_at(&browser, &server.address, "#own-data");
    browser.ask(
        "const transfer = new DataTransfer();
         transfer.items.add(new File([''], 'empty.csv'));
         document.getElementById('drop').dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }))",
    );
    let begun = Instant::now();
    let said = || browser.ask("return document.getElementById('status').textContent");
    while !said().as_str().is_some_and(|said| said.contains("empty.csv") && said.contains("is empty")) {
        assert!(begun.elapsed() < PATIENCE, "{}", said());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!((fetched(&browser), browser.console()), (json!([]), json!([])));
}

#[test]
fn the_page_needs_no_server_once_it_is_loaded_and_none_from_a_disk() {
    let Some((site, server, browser)) = visited((1280, 900)) else { return };
    open_at(&browser, &server.address, "#two-classes");
    let before = shown(&numbers(&browser), "recall");
    drop(server);
    slide(&browser, "w", 0.9);
    assert!(shown(&numbers(&browser), "recall") > before, "more weight on positives finds more of them");
    let address = format!("file://{}", site.page().display());
    open_at(&browser, &address, "#two-classes?n0=500&n1=25&w=4");
    let ratio = shown(&numbers(&browser), "error_ratio");
    assert!((ratio / 5.0 - 1.0).abs() < TOLERANCE, "{ratio}");
    assert_eq!(browser.console(), json!([]));
}

/// Prints how long moves take, here of a page that is compiled quickly. How large the page may be is checked by `scripts/site`.
#[test]
fn every_move_is_answered() {
    let Some((site, server, browser)) = visited((1280, 900)) else { return };
    let page = std::fs::read(site.page()).expect("the page");
    let begun = Instant::now();
    open_at(&browser, &server.address, "#two-classes");
    println!("page: {} bytes; first picture after {:.0} ms", page.len(), begun.elapsed().as_secs_f64() * 1e3);
    for (what, link, key) in [
        ("2 classes, N = 2,000", "#two-classes?n0=1000&n1=1000&c0=-0.5,0&c1=0.5,0", "w"),
        ("3 classes, N = 2,000", "#three-classes?n0=700&n1=700&n2=600", "penalty"),
        ("10 classes, N = 1,200, three losses", "#averaging?design=ring&easy=9", "beta"),
    ] {
        open_at(&browser, &server.address, link);
        browser.ask("performance.clearMeasures()");
        (0..9).for_each(|step| slide(&browser, key, 0.2 + 0.07 * f64::from(step)));
        let taken = browser.ask(
            "return performance.getEntriesByName('move').map(entry => entry.duration).sort((a, b) => a - b)",
        );
        let taken: Vec<f64> = taken.as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
        assert_eq!(taken.len(), 9, "every move that was waited for is seen");
        println!(
            "{what}: seen after {:.0} ms (median), at least {:.0} ms, at most {:.0} ms",
            taken[4], taken[0], taken[8]
        );
    }
}

/// Waits until the button that keeps the page says something else than it offers, and says what.
fn keep(browser: &Browser) -> Value {
    browser.ask("document.getElementById('keep').click()");
    let begun = Instant::now();
    loop {
        let said = browser.ask("return document.getElementById('keep').textContent");
        if said != "Keep offline" {
            return said;
        }
        assert!(begun.elapsed() < PATIENCE, "nothing is kept");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn the_page_is_kept_on_a_device_that_asks_for_it() {
    let Some((site, server, browser)) = visited((1280, 900)) else { return };
    open_at(&browser, &server.address, "#two-classes");
    assert_eq!(fetched(&browser), json!([]), "nothing is fetched before that is asked for");
    assert_eq!(keep(&browser), "Available offline");
    let manifest = browser.command("Page.getAppManifest", &json!({}));
    assert_eq!(manifest["errors"], json!([]), "{manifest}");
    let why_not = browser.command("Page.getInstallabilityErrors", &json!({}));
    assert_eq!(why_not["installabilityErrors"], json!([]), "a browser may install it");
    assert_eq!(browser.console(), json!([]));
    let address = server.address.clone();
    drop(server);
    for name in ["", "index.html"] {
        open_at(&browser, &format!("{address}{name}"), "#two-classes?n0=500&n1=25&w=4");
        let ratio = shown(&numbers(&browser), "error_ratio");
        assert!((ratio / 5.0 - 1.0).abs() < TOLERANCE, "{ratio}");
        let said = browser.ask("return document.getElementById('keep').textContent");
        assert_eq!(said, "Available offline", "it knows");
    }
    browser.open(&format!("{address}exercises.html"));
    assert_eq!(browser.ask("return document.title"), "Exercises");
    browser.open(&format!("{address}exercises.zh.html"));
    assert_eq!(browser.ask("return document.title"), "练习");
    assert_eq!(browser.console(), json!([]));
    // A disk needs no keeping.
    open_at(&browser, &format!("file://{}", site.page().display()), "#two-classes");
    assert_eq!(browser.ask("return document.getElementById('keep')"), Value::Null);
    assert_eq!(browser.console(), json!([]));
}

#[test]
fn a_page_without_its_files_beside_it_says_that_it_cannot_be_kept() {
    let Some((site, server, browser)) = visited((1280, 900)) else { return };
    std::fs::remove_file(site.page().with_file_name("sw.js")).expect("removed");
    open_at(&browser, &server.address, "#two-classes");
    assert_eq!(keep(&browser), "Cannot be kept");
    slide(&browser, "w", 0.9);
    assert!(shown(&numbers(&browser), "recall") > 0.0, "it goes on");
}

/// Prints how long a slow laptop takes to the first picture: everything that its page does, four times as slowly. Workers are not
/// slowed down by the browser; what they compute is printed above.
#[test]
fn the_first_picture_comes_soon_on_a_slow_laptop() {
    let Some((_site, server, browser)) = visited((1280, 900)) else { return };
    browser.command("Emulation.setCPUThrottlingRate", &json!({ "rate": 4 }));
    open_at(&browser, &server.address, "#two-classes");
    let seen = browser
        .ask("const [first] = performance.getEntriesByName('move'); return first.startTime + first.duration");
    let seen = seen.as_f64().expect("milliseconds");
    println!("first picture at a quarter of the speed: {seen:.0} ms after the page was asked for");
    assert!(shown(&numbers(&browser), "error_ratio") > 0.0);
}

#[test]
fn a_program_without_the_solver_says_how_to_get_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let run = |arguments: &[&str]| {
        let mut command = Program::cargo_bin("equipoise").expect("the binary is built");
        let output = command.current_dir(directory.path()).args(arguments).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    std::fs::write(directory.path().join("no.wasm"), "text").expect("written");
    let mut cases = vec![
        (vec!["teach", "--export", "site", "--solver", "no.wasm"], "is neither WebAssembly"),
        (vec!["teach", "--export", "site", "--solver", "nowhere.wasm"], "--solver nowhere.wasm"),
        (vec!["teach", "--solver", "no.wasm"], "--export"),
    ];
    if equipoise::teach::SOLVER.is_empty() {
        cases.push((vec!["teach", "--export", "site"], "run scripts/site"));
    }
    for (arguments, expected) in cases {
        let (code, said) = run(&arguments);
        assert!(code == Some(2) && said.contains(expected), "{arguments:?}: {code:?} {said}");
    }
    assert!(!directory.path().join("site").exists(), "nothing half-written");
    // A page of somebody else's is left alone.
    std::fs::write(directory.path().join("plain.wasm"), b"\0asm\x01\0\0\0").expect("written");
    std::fs::create_dir(directory.path().join("site")).expect("made");
    std::fs::write(directory.path().join("site/index.html"), "mine").expect("written");
    let (code, said) = run(&["teach", "--export", "site", "--solver", "plain.wasm"]);
    assert!(code == Some(2) && said.contains("index.html"), "{code:?} {said}");
    assert_eq!(run(&["teach", "--export", "site", "--solver", "plain.wasm", "--force"]).0, Some(0));
}
