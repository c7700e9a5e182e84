//! The page in every language it has.

use super::in_browser::{SCENES, check_scene};
use super::page::{open, wait_until_ready};
use super::served::Served;
use crate::browser::Browser;
use serde_json::{Value, json};
use std::time::Duration;

/// Codes of the languages, English first.
fn languages(browser: &Browser) -> Vec<String> {
    let codes =
        browser.ask("return [...document.querySelectorAll('#language option')].map(option => option.value)");
    let codes: Vec<String> = serde_json::from_value(codes).expect("texts");
    assert!(codes.len() > 1 && codes[0] == "en", "{codes:?}");
    codes
}

#[test]
fn every_language_says_everything() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes");
    for code in languages(&browser) {
        let unlike = browser.ask_later(&format!(
            "const done = arguments[arguments.length - 1];
             const unlike = (one, other, path) => {{
                 if (typeof one !== typeof other) return [path];
                 if (typeof one === 'function') return one.length === other.length ? [] : [path];
                 if (typeof one === 'string') return one.split('$').length === other.split('$').length ? [] : [path];
                 if (typeof one !== 'object') return [];
                 return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap(key => unlike(one[key], other[key], `${{path}}.${{key}}`));
             }};
             Promise.all([import('/words/en.js'), import('/words/{code}.js')]).then(([{{ en }}, {{ {code}: other }}]) => done(unlike(en, other, '')))"
        ));
        assert_eq!(unlike, json!([]), "texts in English that {code} has not, or the other way round");
    }
}

#[test]
fn every_scene_reads_well_in_every_language_on_a_desk_and_on_a_phone() {
    let served = Served::start();
    for width in [1280, 390] {
        let Some(browser) = Browser::start((width, 900)) else { return };
        open(&browser, &served, "#two-classes");
        // English is looked at elsewhere.
        for code in &languages(&browser)[1..] {
            for scene in SCENES {
                open(&browser, &served, &format!("#{scene}?lang={code}"));
                assert_eq!(browser.ask("return document.documentElement.lang"), json!(code));
                check_scene(&browser, &format!("{scene} in {code} at {width}"), &served.address);
            }
        }
    }
}

#[test]
fn another_language_is_chosen_from_a_list_and_stays() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes?lang=zh");
    let seen =
        || browser.ask("return [document.documentElement.lang, document.getElementById('name').textContent]");
    assert_eq!(seen(), json!(["zh", "两类"]));
    browser.ask(
        "const list = document.getElementById('language');
         list.value = 'en';
         list.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    std::thread::sleep(Duration::from_millis(500));
    wait_until_ready(&browser);
    assert_eq!(seen(), json!(["en", "Two classes"]));
}

/// Formulas are set as such: nothing is left of the dollar signs between which they are written.
#[test]
fn formulas_are_typeset_in_every_language() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes");
    for code in languages(&browser) {
        for scene in SCENES {
            open(&browser, &served, &format!("#{scene}?lang={code}"));
            let left = browser.ask("return document.body.innerText.includes('$')");
            assert_eq!(left, false, "{scene} in {code}");
        }
        let of = |scene: &str, place: &str| -> Value {
            open(&browser, &served, &format!("#{scene}?lang={code}"));
            browser.ask(&format!("return document.querySelectorAll('{place} math').length"))
        };
        for scene in ["two-classes", "three-classes", "averaging", "held-out", "losses"] {
            assert!(of(scene, "#claim .law").as_u64() > Some(0), "{scene} in {code}");
        }
        assert!(of("losses", "#picture-legend td").as_u64() >= Some(6), "equations and laws in {code}");
    }
    open(&browser, &served, "#two-classes");
    let fraction =
        browser.ask("const found = document.querySelector('#claim mfrac'); return [...found.children].map(part => part.textContent)");
    assert_eq!(fraction, json!(["λ0N0", "λ1N1"]));
}
