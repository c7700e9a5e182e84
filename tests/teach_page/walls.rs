//! The page on a wall, on paper, and in colours.

use super::in_browser::SCENES;
use super::page::open;
use super::served::Served;
use crate::browser::Browser;
use serde_json::{Value, json};

#[test]
fn what_is_read_off_any_picture_is_in_view_on_a_wall() {
    let served = Served::start();
    for (width, height) in [(1280, 720), (1920, 1080)] {
        let Some(browser) = Browser::start((width, height)) else { return };
        for scene in SCENES.into_iter().filter(|scene| !["losses", "own-data"].contains(scene)) {
            open(&browser, &served, &format!("#{scene}?projector=1"));
            let seen = browser.ask(
                "const read = [...document.querySelectorAll('.readout')].filter(readout => readout.offsetParent);
                 const columns = getComputedStyle(document.getElementById('pictures')).gridTemplateColumns.split(' ').length;
                 return [columns === 2 || (columns === 6 && document.querySelector('.third') !== null), read.length > 0 && read.every(readout => readout.getBoundingClientRect().bottom <= innerHeight), parseFloat(getComputedStyle(document.documentElement).fontSize) > 16]",
            );
            assert_eq!(seen, json!([true, true, true]), "{scene} at {width}");
        }
    }
}

#[test]
fn paper_has_no_controls() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes?theme=dark");
    browser.command("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    let left = browser.ask(
        "return [['header', '#controls', '#presets'].filter(name => document.querySelector(name).offsetParent !== null),
            [...document.querySelectorAll('.picture svg')].filter(drawing => drawing.getBoundingClientRect().width > 100).length,
            getComputedStyle(document.body).backgroundColor]",
    );
    assert_eq!(left, json!([[], 3, "rgb(255, 255, 255)"]));
}

/// Colours of classes are for classes: whatever else is drawn is grey, or of the one loss that has a colour.
#[test]
fn a_colour_means_one_thing() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#losses?shown=softmax,logistic,focal,ldam,seesaw,equalization");
    let curves = browser.ask(
        "return [...document.querySelectorAll('#picture-gradient svg text')].filter(text => text.previousElementSibling?.hasAttribute('stroke-dasharray'))
            .map(text => [text.textContent, text.previousElementSibling.getAttribute('stroke'), text.previousElementSibling.getAttribute('stroke-dasharray')])",
    );
    let curves: Vec<[String; 3]> = serde_json::from_value(curves).expect("texts");
    let colour =
        |name: &str| curves.iter().find(|[curve, ..]| curve == name).map(|[_, colour, _]| colour.as_str());
    assert_eq!(
        (colour("logistic"), colour("softmax")),
        (Some("var(--lgl)"), Some("var(--sml)")),
        "as elsewhere"
    );
    assert!(
        curves.iter().all(|[_, colour, _]| colour != "var(--inr)"),
        "that of LGL-INR is nobody else's: {curves:?}"
    );
    let mut dashes: Vec<_> =
        curves.iter().filter(|[name, ..]| name != "softmax").map(|[.., dash]| dash).collect();
    let all = dashes.len();
    dashes.sort_unstable();
    dashes.dedup();
    assert!(all == 5 && dashes.len() == all, "told apart by dashes: {curves:?}");
    for scene in ["three-classes", "held-out", "digits"] {
        open(&browser, &served, &format!("#{scene}"));
        let coloured = browser.ask(
            "return [...document.querySelectorAll('.picture svg g > rect, #picture-triangle polygon')].map(shape => getComputedStyle(shape).fill)
                .filter(fill => /^rgb/.test(fill))",
        );
        let coloured: Vec<String> = serde_json::from_value(coloured).expect("texts");
        let classes: Vec<String> = (0..10).map(|k| colour_of_class(&browser, k)).collect();
        for fill in &coloured {
            let parts: Vec<&str> =
                fill.trim_start_matches("rgb(").trim_end_matches(')').split(", ").collect();
            let is_grey = parts.iter().all(|part| near(part, parts[0]));
            assert!(is_grey || classes.contains(fill), "{scene}: {fill} is neither grey nor a class");
        }
    }
}

/// Texts of drawings on paper, in both themes: dark enough on light, light enough on dark (WCAG AA).
#[test]
fn what_is_written_in_drawings_can_be_read() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    for theme in ["light", "dark"] {
        for scene in SCENES {
            open(&browser, &served, &format!("#{scene}?theme={theme}"));
            // What lies on a filled rectangle, as numbers in a matrix do, is judged beside it: on as much ink as covers the paper.
            let pale = browser.ask(
                "const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
                 const light = (colour) => {
                     const [r, g, b] = parts(colour).map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
                     return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
                 };
                 const paper = getComputedStyle(document.body).backgroundColor;
                 return [...document.querySelectorAll('.picture:not([hidden]) svg text')].flatMap(text => {
                     const below = text.previousElementSibling;
                     const isCell = below?.tagName === 'rect' && below.getAttribute('fill') === 'var(--ink)' && text.parentNode.children.length === 2;
                     const covered = isCell && parts(paper).map((part, place) => part + below.getAttribute('fill-opacity') * (parts(getComputedStyle(below).fill)[place] - part)).join(' ');
                     const [one, other] = [covered || paper, getComputedStyle(text).fill].map(light);
                     const contrast = Math.max(one, other) / Math.min(one, other);
                     const least = parseFloat(getComputedStyle(text).fontSize) >= 18 ? 3 : 4.5;
                     return text.textContent && contrast < least ? [`${text.textContent} ${contrast.toFixed(2)}`] : [];
                 })",
            );
            assert_eq!(pale, json!([]), "{scene}, {theme}");
        }
    }
}

/// Whether two parts of a colour are nearly as large as each other.
fn near(one: &str, other: &str) -> bool {
    let part = |text: &str| text.parse::<i32>().unwrap_or(i32::MAX / 2);
    (part(one) - part(other)).abs() <= 6
}

fn colour_of_class(browser: &Browser, class: usize) -> String {
    let script = format!(
        "const probe = document.createElement('div');
         probe.style.color = 'var(--class-{class})';
         document.body.append(probe);
         const colour = getComputedStyle(probe).color;
         probe.remove();
         return colour"
    );
    match browser.ask(&script) {
        Value::String(colour) => colour,
        other => panic!("{other}"),
    }
}
