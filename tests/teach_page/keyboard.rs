//! What is typed: numbers beside sliders, and the keys that take moves back.

use super::page::{drawn, numbers, open, shown, slide, wait_until_ready};
use super::served::Served;
use crate::browser::Browser;
use serde_json::{Value, json};
use std::time::Duration;

const ENTER: char = '\u{E007}';
/// The field beside the slider of a weight.
const FIELD: &str = "document.getElementById('control-w').parentElement.querySelector('.typed')";

/// Types over what the field says, leaves it, and tells what it says then.
fn typed(browser: &Browser, text: &str) -> Value {
    browser.ask(&format!("{FIELD}.focus(); {FIELD}.select()"));
    browser.press(&format!("{text}{ENTER}"));
    wait_until_ready(browser);
    browser.ask(&format!("{FIELD}.blur(); return {FIELD}.value"))
}

#[test]
fn numbers_beside_sliders_can_be_typed() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes");
    for (text, said) in [
        ("2.5", "2.5"),
        ("2,5", "2.5"),
        ("0.123456", "0.123"),
        ("2·10⁻¹", "0.2"),
        ("10^-1", "0.1"),
        // What a parameter does not take gives way to its nearest value, and what is no number to the one before.
        ("1,000", "100"),
        ("−3", "0.01"),
        ("ten", "0.01"),
        ("", "0.01"),
    ] {
        assert_eq!(typed(&browser, text), said, "{text}");
    }
    typed(&browser, "0.123456");
    let ratio = shown(&numbers(&browser), "error_ratio");
    assert!((ratio * 0.123_456 / 10.0 - 1.0).abs() < 1e-9, "every digit counts: {ratio}");
    browser.ask(&format!("{FIELD}.focus()"));
    assert_eq!(
        browser.ask(&format!("return {FIELD}.value")),
        "0.123456",
        "all digits are there to be changed"
    );
    assert_eq!(browser.console(), json!([]));
}

/// Holds Control or Command, and Shift for the way forward.
fn undo_key(browser: &Browser, held: &str) {
    browser.ask(&format!(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'z', {held}: true, bubbles: true, cancelable: true }}))"
    ));
    wait_until_ready(browser);
}

#[test]
fn keys_take_moves_back_and_forth() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes");
    let mut seen = vec![drawn(&browser)];
    for fraction in [0.7, 0.9] {
        // Moves in quick succession are one.
        std::thread::sleep(Duration::from_millis(700));
        slide(&browser, "w", fraction);
        seen.push(drawn(&browser));
    }
    let forward = "shiftKey: true, ctrlKey";
    for (held, place) in [
        ("ctrlKey", 1),
        ("metaKey", 0),
        ("ctrlKey", 0),
        (forward, 1),
        (forward, 2),
        (forward, 2),
        ("ctrlKey", 1),
    ] {
        undo_key(&browser, held);
        assert_eq!(drawn(&browser), seen[place], "{held}");
    }
    // A field of text undoes what is typed in it.
    browser.ask(&format!("{FIELD}.focus()"));
    undo_key(&browser, "ctrlKey");
    assert_eq!(drawn(&browser), seen[1]);
    // What has been entered is a move of the scene.
    std::thread::sleep(Duration::from_millis(700));
    typed(&browser, "5");
    undo_key(&browser, "ctrlKey");
    assert_eq!(drawn(&browser), seen[1]);
    // After another move nothing comes back.
    browser.ask(&format!("{FIELD}.blur()"));
    std::thread::sleep(Duration::from_millis(700));
    slide(&browser, "n1", 0.2);
    let moved = drawn(&browser);
    undo_key(&browser, forward);
    assert_eq!(drawn(&browser), moved);
    assert_eq!(browser.console(), json!([]));
}
