//! The report in a real browser: it fits its window, its formulas are set, its links lead somewhere, and nothing is fetched.

use crate::browser::Browser;
use serde_json::{Value, json};
use std::path::Path;

/// Looks at a report on a desk, on a phone and on paper.
pub(crate) fn check_report(report: &Path) {
    let address = format!("file://{}", report.display());
    for size in [(1280, 900), (390, 844)] {
        let Some(browser) = Browser::start(size) else { return };
        browser.open(&address);
        check_page(&browser, size.0);
        // Paper is the same from any window, and twenty pages take a while.
        if size.0 > 1000 {
            check_paper(&browser);
        }
    }
}

fn check_page(browser: &Browser, width: u32) {
    // Nothing is wider than the window; wide things scroll inside their own frames.
    let widths = browser.ask("return [document.documentElement.scrollWidth, window.innerWidth]");
    assert_eq!(widths, json!([width, width]), "the page and its window");
    // A fraction is set as one: taller than a line of its text.
    let fractions = browser.ask(
        "return [...document.querySelectorAll('mfrac')].map(fraction =>
            fraction.getBoundingClientRect().height / parseFloat(getComputedStyle(fraction).fontSize))",
    );
    let heights: Vec<f64> = fractions.as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
    assert!(heights.len() >= 5 && heights.iter().all(|height| *height > 1.5), "{heights:?}");
    let dead = browser.ask(
        "return [...document.querySelectorAll('a[href^=\"#\"]')].map(link => link.getAttribute('href'))
            .filter(href => !document.getElementById(href.slice(1)))",
    );
    assert_eq!(dead, json!([]), "links that lead nowhere");
    let seen = browser.ask(
        "return [...document.querySelectorAll('figure svg')].map(drawing => drawing.getBoundingClientRect())
            .filter(box => box.width > 200 && box.height > 100).length",
    );
    let drawn = browser.ask("return document.querySelectorAll('figure').length");
    assert_eq!(seen, drawn, "every figure is seen");
    assert!(drawn.as_u64() >= Some(12));
    let fetched = browser.ask("return performance.getEntriesByType('resource').map(entry => entry.name)");
    assert_eq!(fetched, json!([]), "nothing is fetched");
    let unfolded = browser.ask(
        "const numbers = document.querySelector('figure details');
         numbers.open = true;
         return numbers.querySelector('table').getBoundingClientRect().height > 40",
    );
    assert_eq!(unfolded, json!(true), "numbers unfold");
    let small = browser.ask(
        "return [...document.querySelectorAll('main p, main td, figcaption')]
            .filter(text => parseFloat(getComputedStyle(text).fontSize) < 12).length",
    );
    assert_eq!(small, json!(0), "no text is too small to read");
    assert_eq!(browser.console(), json!([]), "the console stays empty");
    // The summary is one screen on a desk; what is read far below has its contents or a way to them in sight.
    let below = browser.ask(
        "const summary = document.getElementById('summary').getBoundingClientRect().height;
         document.querySelectorAll('article')[20].scrollIntoView();
         const shown = [...document.querySelectorAll('nav, .to-contents')].map(one => one.getBoundingClientRect());
         return [summary, shown.some(box => box.height > 0 && box.top >= 0 && box.top < window.innerHeight)]",
    );
    assert_eq!(below[1], json!(true), "contents stay in sight");
    assert!(width < 1000 || below[0].as_f64().is_some_and(|height| height < 950.0), "{below}");
    let hints = browser.ask(
        "return [...document.querySelectorAll('figure')].filter(figure => {
            const [card, hint] = [figure.querySelector('.card'), figure.querySelector('.swipe')];
            return card.scrollWidth > card.clientWidth + 1 && hint.getBoundingClientRect().height === 0;
         }).length",
    );
    assert_eq!(hints, json!(0), "a figure that goes on says so");
}

/// Times that a page is printed, where other tests keep the browser waiting for longer than its driver does.
const MAX_PRINTS: usize = 3;

fn check_paper(browser: &Browser) {
    let mut prints = (0..MAX_PRINTS).map(|_| browser.try_post("/print", &json!({})));
    let paper = prints.find_map(Result::ok).expect("a print");
    let paper = paper.as_str().expect("text");
    // The base-64 form of a PDF's first letters.
    assert!(paper.starts_with("JVBERi") && paper.len() > 100_000, "{} characters", paper.len());
}
