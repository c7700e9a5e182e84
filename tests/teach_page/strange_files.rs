//! Files that nobody prepared for the page, and links that somebody has mangled.

use super::page::{PATIENCE, numbers, open, open_at, shown, wait_until_ready};
use super::served::Served;
use super::site::visited;
use crate::browser::Browser;
use serde_json::json;
use std::time::{Duration, Instant};

/// Lets a file fall onto the page, and waits for what is said of it: beside the file, and above the pictures.
fn dropped(browser: &Browser, name: &str, text: &str) -> String {
    browser.ask(&format!(
        "const transfer = new DataTransfer();
         transfer.items.add(new File([{}], {name:?}));
         document.getElementById('own-file').textContent = '';
         document.getElementById('drop').dispatchEvent(new DragEvent('drop', {{ dataTransfer: transfer, bubbles: true, cancelable: true }}))",
        json!(text)
    ));
    let begun = Instant::now();
    let note = || browser.ask("return document.getElementById('own-file').textContent");
    while note() == "" {
        assert!(begun.elapsed() < PATIENCE, "{name}: nothing is said");
        std::thread::sleep(Duration::from_millis(20));
    }
    wait_until_ready(browser);
    let said = browser.ask(
        "return ['own-file', 'status', 'picture-report'].map(id => document.getElementById(id)?.textContent ?? '').join(' | ')",
    );
    said.as_str().expect("text").to_owned()
}

fn rows(heads: &str, count: usize, row: impl Fn(usize) -> String) -> String {
    format!("{heads}\n{}", (0..count).map(|place| row(place) + "\n").collect::<String>())
}

/// A number that looks drawn.
fn drawn(place: usize) -> f64 {
    f64::from(u32::try_from(place * 7919 % 1000).expect("small")) / 250.0 - 2.0
}

/// A file that is no table, or too wide a one, leaves nothing of the table before, and says why.
#[test]
fn what_is_no_table_leaves_nothing_of_the_one_before() {
    let Some((_site, server, browser)) = visited((1280, 900)) else { return };
    open_at(&browser, &server.address, "#own-data");
    let good = rows("x,class", 40, |place| format!("{},{}", drawn(place), ["a", "b"][place % 2]));
    let wide = (0..5_000).map(|column| format!("x{column}")).collect::<Vec<_>>().join(",");
    for (name, text, why) in [
        ("empty.csv", "", "empty.csv: is empty"),
        ("wide.csv", wide.as_str(), "columns: 5000; the page takes at most 2000"),
    ] {
        assert!(dropped(&browser, "good.csv", &good).contains("Accuracy"));
        let said = dropped(&browser, name, text);
        let (file, rest) = said.split_once(" | ").expect("a file and more");
        assert!(file == name && rest.starts_with(why) && rest.ends_with("take the real table."), "{said}");
    }
    assert_eq!(browser.console(), json!([]));
}

/// Probabilities that are read as logits give numbers all the same; the page says so, and which of its controls to use.
#[test]
fn probabilities_among_logits_are_noted() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#own-data?ask=audit");
    let row = |place: usize| {
        let own = 0.5 + (drawn(place) + 2.0) / 8.0;
        format!("{},{own},{}", ["a", "b"][usize::from(place.is_multiple_of(3))], 1.0 - own)
    };
    let said = dropped(&browser, "scores.csv", &rows("label,a,b", 40, row));
    assert!(said.contains("as probabilities do; choose Probabilities if they are"), "{said}");
    browser.ask("document.querySelector('#control-scores [data-option=probabilities]').click()");
    wait_until_ready(&browser);
    let said = browser.ask("return document.getElementById('picture-report').textContent");
    assert!(said.as_str().is_some_and(|said| !said.contains("as probabilities do")), "{said}");
    assert_eq!(browser.console(), json!([]));
}

/// Labels that are chosen by hand are no feature any more.
#[test]
fn another_column_of_labels_leaves_the_features() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#own-data?features=two");
    let row = |place: usize| {
        format!("{},{},{},{}", drawn(place), drawn(place + 31), place % 2, ["a", "b"][place / 7 % 2])
    };
    dropped(&browser, "four.csv", &rows("u,v,w,class", 60, row));
    for label in ["w", "class", "w"] {
        browser.ask(&format!(
            "const list = document.getElementById('control-label');
             list.value = '{label}';
             list.dispatchEvent(new Event('change'))"
        ));
        wait_until_ready(&browser);
        let seen = browser.ask(
            "return [document.documentElement.dataset.state, ...['across', 'up'].map(id => document.getElementById(`control-${id}`).value)]",
        );
        assert_eq!(seen, json!(["ready", "u", "v"]), "{label}");
    }
}

#[test]
fn strange_files_are_answered_in_a_line_and_run_nothing() {
    let class = |place: usize| ["a", "b"][place % 2];
    let plain = |place: usize| format!("{},{}", drawn(place), class(place));
    let cases = [
        ("one class", rows("x,class", 9, |place| format!("{place},a")), "one class only"),
        (
            "missing",
            rows("x,class", 9, |place| format!("{},{}", if place == 3 { "NaN" } else { "1" }, class(place))),
            "line 5",
        ),
        (
            "infinite",
            rows("x,class", 9, |place| format!("{},{}", if place == 3 { "inf" } else { "1" }, class(place))),
            "is not finite",
        ),
        ("zero bytes", rows("x\u{1b}[2J,cl\0ass", 9, plain), "zero bytes"),
        (
            "control characters",
            rows("x\u{1b}[2J\u{202e},class", 40, |place| format!("{},{}\u{7}", drawn(place), class(place))),
            "stationary",
        ),
        (
            "html",
            rows("<img src=x onerror=alert(1)>,class", 40, |place| {
                format!("{},<b>{}</b>", drawn(place), class(place))
            }),
            "<b>a</b>",
        ),
        (
            "many classes",
            rows("x,class", 300, |place| format!("{},c{}", drawn(place), place % 100)),
            "classes: 100; the page takes at most 12 (`equipoise solve` takes more)",
        ),
        (
            "vast numbers",
            rows("x,class", 40, |place| format!("{}e307,{}", drawn(place), class(place))),
            "stationary",
        ),
        ("equal heads", rows("x,x,class", 9, |place| format!("1,2,{}", class(place))), "both have this name"),
        ("no heads", rows("1,2,0", 9, |place| format!("1,2,{}", place % 2)), "holds numbers only"),
        (
            "a cell too many",
            rows("x,class", 9, |place| if place == 4 { "1,a,9".to_owned() } else { plain(place) }),
            "3 cells",
        ),
        ("an open quote", "x,class\n1,\"a\n2,b\n".to_owned(), "never closed"),
        ("nothing", String::new(), "is empty"),
        ("heads alone", "x,class\n".to_owned(), "no rows"),
        ("json", "{\"a\": 1}".to_owned(), "is JSON"),
        ("labels alone", rows("class", 9, |place| class(place).to_owned()), "stationary"),
        (
            "long names",
            rows(&format!("{},class", "x".repeat(5000)), 40, |place| {
                format!("{},{}", drawn(place), class(place).repeat(900))
            }),
            "stationary",
        ),
        ("too many rows", rows("x,class", 20_001, plain), "samples: 20001"),
        (
            "too wide",
            rows(
                &format!("{}class", (0..900).map(|place| format!("f{place},")).collect::<String>()),
                9,
                |place| format!("{}{}", "0.5,".repeat(900), class(place)),
            ),
            "features: 900",
        ),
        ("separable", rows("x,class", 40, |place| format!("{},{}", place % 2, class(place))), "stationary"),
    ];
    for width in [1280, 390] {
        let Some((_site, server, browser)) = visited((width, 844)) else { return };
        open_at(&browser, &server.address, "#own-data");
        for (name, text, expected) in &cases {
            let said = dropped(&browser, &format!("{name}.csv"), text);
            assert!(said.contains(expected), "{name}: {said}");
            assert!(!said.contains('\n'), "{name}: one line each: {said}");
            let seen = browser.ask(
                "return [document.querySelectorAll('img, b').length, document.documentElement.scrollWidth - window.innerWidth]",
            );
            assert_eq!(
                seen,
                json!([0, 0]),
                "{name} at {width}: nothing is run, nothing is wider than the window"
            );
            assert_eq!(browser.console(), json!([]), "{name} at {width}");
        }
        // It goes on.
        dropped(&browser, "plain.csv", &rows("x,class", 40, plain));
        assert!(shown(&numbers(&browser), "accuracy") > 0.0);
    }
}

#[test]
fn mangled_links_open_what_can_be_understood_of_them() {
    let served = Served::start();
    let Some(browser) = Browser::start((390, 844)) else { return };
    for link in [
        "#",
        "#?",
        "#two-classes?n0=-5&n1=NaN&w=Infinity&penalty=-1&c0=9e99,0&c1=1,2,3",
        "#two-classes?w=%E0%A4%A&c0=%00,%00&n0=1e400",
        "#three-classes?data=elsewhere&weights=__proto__&w0=0&u0=2&u1=-3",
        "#averaging?design=constructor&easy=1e9&hard=0.5&beta=-0",
        "#digits?digits=0,0,0,0&count=5000&thin=z&left=-1",
        "#digits?digits=11,12,13&look=99,99",
        "#losses?shown=hasOwnProperty,softmax&class=7&focal.gamma=1e308",
        "#own-data?label=<img src=x onerror=alert(1)>&ask=nothing&across=__proto__",
        "#separable?penalty=1e-300&c0=5,5&c1=5,5",
        "#held-out?seed=1.5&features=0",
        "#batches?batch=0&common=1&rare=1e5",
        "#not-converged?steps=1e12",
        "#__proto__?constructor=1",
        "#two-classes?theme=<b>&projector=yes&quiz=2&lang=../en",
    ] {
        open(&browser, &served, link);
        let seen = browser.ask(
            "return [document.getElementById('name').textContent.length > 0, document.documentElement.scrollWidth - window.innerWidth,
                document.querySelectorAll('img').length]",
        );
        assert_eq!(seen, json!([true, 0, 0]), "{link}");
        assert_eq!(browser.ask("return document.documentElement.dataset.state"), "ready", "{link}");
        assert_eq!(browser.console(), json!([]), "{link}");
    }
}

/// Spreadsheets save "Unicode text" as UTF-16, and a hand misses the field.
#[test]
fn a_file_falls_anywhere_and_may_be_in_utf_16() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#own-data");
    let text =
        rows("x\tclass", 40, |place| format!("{}\t{}", drawn(place), ["low", "hoch\u{e4}"][place % 2]));
    for (name, mark, bytes) in [
        ("little.txt", [0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]),
        ("big.txt", [0xfe, 0xff], u16::to_be_bytes),
    ] {
        let units = text.encode_utf16().flat_map(bytes);
        let file: Vec<u8> = mark.into_iter().chain(units).collect();
        browser.ask(&format!(
            "const transfer = new DataTransfer();
             transfer.items.add(new File([new Uint8Array({file:?})], {name:?}));
             document.getElementById('own-file').textContent = '';
             document.getElementById('pictures').dispatchEvent(new DragEvent('drop', {{ dataTransfer: transfer, bubbles: true, cancelable: true }}))"
        ));
        let begun = Instant::now();
        while browser.ask("return document.getElementById('own-file').textContent") != name {
            assert!(begun.elapsed() < PATIENCE, "{name} is not taken");
            std::thread::sleep(Duration::from_millis(20));
        }
        wait_until_ready(&browser);
        let report = browser.ask("return document.getElementById('picture-report').textContent");
        assert!(report.as_str().is_some_and(|report| report.contains("hoch\u{e4}")), "{name}: {report}");
    }
    assert_eq!(browser.console(), json!([]));
}
