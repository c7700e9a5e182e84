//! Every scene in a real browser.

use super::hand::waited;
use super::page::{drawn, measured, numbers, open, records, saved, shown, slide, wait_until_ready};
use super::served::Served;
use crate::browser::Browser;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const SCENES: [&str; 10] = [
    "two-classes",
    "three-classes",
    "averaging",
    "batches",
    "separable",
    "held-out",
    "not-converged",
    "digits",
    "losses",
    "own-data",
];
/// Arrow to the right, in the `WebDriver` protocol.
const RIGHT: &str = "\u{E014}";

#[test]
fn every_scene_reads_well_on_a_desk_on_a_phone_and_on_a_wall() {
    let served = Served::start();
    // The site is looked at in the dark, and nobody projects from a phone.
    for (width, height, looks) in [(1280, 900, &["", "?projector=1"][..]), (390, 844, &[""])] {
        let Some(browser) = Browser::start((width, height)) else { return };
        for scene in SCENES {
            for look in looks {
                open(&browser, &served, &format!("#{scene}{look}"));
                check_scene(&browser, &format!("{scene}{look} at {width}"), &served.address);
            }
        }
    }
}

pub(super) fn check_scene(browser: &Browser, name: &str, address: &str) {
    let state = browser.ask("return document.documentElement.dataset.state");
    assert_eq!(state, "ready", "{name}");
    let widths = browser.ask("return [document.documentElement.scrollWidth, window.innerWidth]");
    assert_eq!(widths[0], widths[1], "{name}: nothing is wider than the window");
    let empty = browser.ask(
        "return [...document.querySelectorAll('.picture:not([hidden]) svg:not([aria-hidden])')].filter(drawing => {
            const box = drawing.getBBox();
            return box.width < 100 || box.height < 30 || !drawing.matches('[aria-label]');
        }).map(drawing => drawing.closest('figure').id)",
    );
    assert_eq!(empty, json!([]), "{name}: pictures without a drawing or a name");
    let large = browser.ask(
        "return [...document.querySelectorAll('.picture:not([hidden]) svg[aria-hidden]')].filter(sample => sample.getBoundingClientRect().width > 80).length",
    );
    assert_eq!(large, 0, "{name}: pieces of lines beside names");
    let nameless = browser.ask(
        "return [...document.querySelectorAll('button, input, [role=slider], [tabindex]')].filter(element => {
            const label = element.labels?.[0]?.textContent ?? '';
            return !(element.getAttribute('aria-label') || label || element.textContent).trim();
        }).map(element => element.outerHTML)",
    );
    assert_eq!(nameless, json!([]), "{name}: controls without a name");
    let small = browser.ask(
        "return [...document.querySelectorAll('p, label, button, .typed, td, .picture:not([hidden]) svg text')].filter(element => {
            const drawing = element.ownerSVGElement;
            const scale = drawing ? drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width : 1;
            return element.textContent.trim() && parseFloat(getComputedStyle(element).fontSize) * scale < 9.5;
        }).map(element => element.textContent)",
    );
    assert_eq!(small, json!([]), "{name}: too small to read");
    let clipped = browser.ask(
        "return [...document.querySelectorAll('.picture:not([hidden]) svg[aria-label]')].flatMap(drawing => {
            const frame = drawing.getBoundingClientRect();
            return [...drawing.querySelectorAll('text')].filter(text => {
                const box = text.getBoundingClientRect();
                const out = Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom);
                return text.textContent && !text.closest('.handle') && out > 2;
            }).map(text => text.textContent);
        })",
    );
    assert_eq!(clipped, json!([]), "{name}: text beyond its picture");
    let dollars = browser.ask("return document.body.innerText.includes('$')");
    assert_eq!(dollars, false, "{name}: what stands between dollar signs is typeset");
    let foreign = browser.ask(&format!(
        "return performance.getEntriesByType('resource').map(entry => entry.name)
            .filter(name => !name.startsWith('{address}') && !name.startsWith('data:'))"
    ));
    assert_eq!(foreign, json!([]), "{name}: nothing is fetched elsewhere");
    assert_eq!(browser.console(), json!([]), "{name}: the console stays empty");
}

#[test]
fn every_preset_of_every_scene_is_answered() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    for scene in SCENES {
        open(&browser, &served, &format!("#{scene}"));
        let presets = browser.ask("return document.querySelectorAll('#presets button').length");
        let presets = presets.as_u64().expect("a number");
        assert!(presets >= 3, "{scene}");
        for preset in 0..presets {
            browser.ask(&format!("document.querySelectorAll('#presets button')[{preset}].click()"));
            wait_until_ready(&browser);
            let seen = browser.ask(&format!(
                "return [document.documentElement.dataset.state, document.getElementById('comment').textContent.length > 30,
                    document.querySelectorAll('#presets button')[{preset}].getAttribute('aria-pressed')]"
            ));
            assert_eq!(seen, json!(["ready", true, "true"]), "{scene}, preset {preset}");
            assert_eq!(browser.console(), json!([]), "{scene}, preset {preset}");
        }
    }
}

/// A scene, sliders and where they are put, then names on the page with series, measure and place in the records.
pub(super) struct Case {
    pub(super) scene: &'static str,
    sliders: &'static [(&'static str, f64)],
    names: &'static [(&'static str, usize, &'static str, usize)],
}

pub(super) const CASES: [Case; 8] = [
    Case {
        scene: "two-classes",
        sliders: &[("n1", 0.4), ("w", 0.7)],
        names: &[
            ("error_ratio", 0, "error_ratio", 0),
            ("expected_error_ratio", 0, "expected_error_ratio", 0),
            ("centroid_residual", 0, "centroid_residual", 0),
            ("recall", 0, "recall", 1),
            ("gradient-0", 0, "gradient", 0),
        ],
    },
    Case {
        scene: "three-classes",
        sliders: &[("n0", 0.5), ("penalty", 0.6)],
        names: &[("residual", 0, "balance_residual", 0)],
    },
    Case {
        scene: "averaging",
        sliders: &[("easy", 0.5), ("beta", 0.35)],
        names: &[
            ("hardest-0", 0, "hardest", 0),
            ("pooled-1", 1, "pooled", 0),
            ("hardest-2", 2, "hardest", 0),
            ("gradient-2", 2, "gradient", 0),
        ],
    },
    Case {
        scene: "batches",
        sliders: &[("batch", 0.5)],
        names: &[
            ("recall-0", 0, "test_recall", 3),
            ("recall-2", 2, "test_recall", 3),
            ("own-balance", 0, "balance_residual", 0),
            ("whole-balance", 0, "whole_sample_residual", 0),
        ],
    },
    Case {
        scene: "separable",
        sliders: &[("penalty", 0.5)],
        names: &[("gradient-0", 0, "gradient", 0), ("gradient-2", 2, "gradient", 0)],
    },
    Case {
        scene: "held-out",
        sliders: &[("features", 0.6), ("seed", 0.3)],
        names: &[
            ("fresh-balance", 0, "test_balance", 1),
            ("bias", 0, "test_balance_bias", 1),
            ("deviation", 0, "test_balance_deviation", 1),
        ],
    },
    Case {
        scene: "not-converged",
        sliders: &[("steps", 0.55)],
        names: &[("loss", 0, "loss", 0), ("least", 1, "loss", 0), ("balance", 0, "balance_residual", 0)],
    },
    Case {
        scene: "digits",
        sliders: &[("left", 0.3)],
        names: &[("residual", 0, "balance_residual", 0), ("gradient-0", 0, "gradient", 0)],
    },
];

impl Case {
    /// Moves the sliders of the open scene; numbers on the page must agree with those that `run` finds in the saved design.
    pub(super) fn check(&self, browser: &Browser, agree: impl Fn(f64, f64) -> bool) {
        let Self { scene, sliders, names } = self;
        for &(key, fraction) in *sliders {
            slide(browser, key, fraction);
        }
        let on_page = numbers(browser);
        let records = records(&saved(browser, "#design"));
        for &(name, series, measure, place) in *names {
            let (seen, run) = (shown(&on_page, name), measured(&records, series, measure, place));
            assert!(agree(seen, run), "{scene}, {name}: {seen} on the page, {run} by run");
        }
    }
}

#[test]
fn numbers_on_the_page_are_those_that_run_finds_in_the_saved_design() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    for case in CASES {
        open(&browser, &served, &format!("#{}", case.scene));
        case.check(&browser, |seen, run| seen == run);
    }
    // The law that the first scene is about, from the page alone.
    open(&browser, &served, "#two-classes?n0=500&n1=25&w=4");
    let ratio = shown(&numbers(&browser), "error_ratio");
    assert!((ratio / 5.0 - 1.0).abs() < 1e-12, "{ratio}");
}

#[test]
fn a_link_reproduces_what_is_seen() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    for (scene, key, fraction) in [
        ("two-classes", "w", 0.81),
        ("three-classes", "n1", 0.9),
        ("averaging", "beta", 0.9),
        ("not-converged", "steps", 0.9),
        ("digits", "left", 0.8),
        ("losses", "focal.gamma", 0.37),
        ("batches", "batch", 0.8),
        ("separable", "penalty", 0.2),
        ("held-out", "seed", 0.5),
    ] {
        open(&browser, &served, &format!("#{scene}"));
        let before = drawn(&browser);
        slide(&browser, key, fraction);
        let (seen, answers) = (drawn(&browser), numbers(&browser));
        assert_ne!(seen, before, "{scene}: a slider changes what is seen");
        // The link is written when the hand rests.
        std::thread::sleep(Duration::from_millis(400));
        let link = browser.ask("return location.hash");
        let link = link.as_str().expect("text");
        assert!(link.starts_with(&format!("#{scene}?")) && link.contains(&format!("{key}=")), "{link}");
        open(&browser, &served, link);
        assert_eq!((drawn(&browser), numbers(&browser)), (seen, answers), "{link}");
        browser.ask("document.getElementById('reset').click()");
        wait_until_ready(&browser);
        assert_eq!(drawn(&browser), before, "{scene}: reset");
    }
    // What a link cannot mean gives way to the start.
    open(&browser, &served, "#nowhere");
    assert_eq!(browser.ask("return document.getElementById('name').textContent"), "Two classes");
    open(&browser, &served, "#two-classes?n0=1e99&w=hello&c0=1&unknown=3");
    let state = browser
        .ask("return [document.documentElement.dataset.state, document.querySelector('#control-n0').value]");
    assert_eq!(state[0], "ready", "{state}");
    assert_eq!(browser.console(), json!([]));
}

#[test]
fn centres_and_targets_are_moved_by_mouse_finger_and_keys() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    let place = |selector: &str| {
        browser.ask(&format!("return document.querySelector('{selector}').getAttribute('aria-valuetext')"))
    };
    for pointer in ["mouse", "touch"] {
        open(&browser, &served, "#three-classes");
        let handle = ".handle[data-class=\"1\"]";
        assert_eq!(place(handle), "x 1.4, y -0.8");
        let (x, y) = browser.middle_of(handle);
        let matrix = drawn(&browser);
        browser.drag(&[(x, y), (x + 20, y - 10), (x + 44, y - 44)], pointer);
        wait_until_ready(&browser);
        let text = place(handle);
        let text = text.as_str().expect("a place");
        let moved: Vec<f64> =
            text.split(", ").filter_map(|part| part.split(' ').nth(1)?.parse().ok()).collect();
        // The window of the plane is ten units wide.
        assert!((moved[0] - 2.4).abs() < 0.15 && (moved[1] - 0.2).abs() < 0.15, "{pointer}: {text}");
        assert_ne!(drawn(&browser), matrix);
    }
    browser.ask("document.querySelector('.handle[data-class=\"0\"]').focus()");
    browser.press(&RIGHT.repeat(3));
    wait_until_ready(&browser);
    assert_eq!(place(".handle[data-class=\"0\"]"), "x -1.1, y -0.8");
    // Dragged beyond what is admissible, the target stays at the edge.
    open(&browser, &served, "#three-classes?data=built&n0=900&n1=300&n2=600");
    let (x, y) = browser.middle_of("#triangle-target");
    browser.drag(&[(x, y), (x + 30, y), (x + 180, y + 20)], "mouse");
    wait_until_ready(&browser);
    let wanted = place("#triangle-target");
    assert!(wanted.as_str().is_some_and(|text| text.contains("class 1 0.5")), "{wanted}");
    // An entry of the matrix of digits, by keyboard.
    open(&browser, &served, "#digits");
    let about =
        || browser.ask("return document.querySelector('#picture-images figcaption span').textContent");
    assert!(about().as_str().is_some_and(|text| text.starts_with("Images of 8 that look most like a 3")));
    browser.ask("document.querySelector('[data-cell=\"2,0\"]').focus()");
    browser.press(" ");
    wait_until_ready(&browser);
    assert!(
        about().as_str().is_some_and(|text| text.starts_with("Images of 9 that look most like a 3")),
        "{}",
        about()
    );
    let focused = browser.ask("return document.activeElement.dataset.cell");
    assert_eq!(focused, "2,0", "the focus stays where it was");
}

#[test]
fn nothing_jumps_while_a_slider_moves() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    let boxes = || {
        browser.ask(
            "return [...document.querySelectorAll('#panel, #controls, #status, .picture')].map(element => {
                const box = element.getBoundingClientRect();
                return [element.id, Math.round(box.x), Math.round(box.y), Math.round(box.width), Math.round(box.height)];
            })",
        )
    };
    for (scene, key) in [
        ("two-classes", "w"),
        ("two-classes", "n1"),
        ("three-classes", "n2"),
        ("averaging", "beta"),
        ("not-converged", "steps"),
        ("digits", "left"),
        ("losses", "focal.gamma"),
        ("batches", "batch"),
        ("separable", "penalty"),
        ("held-out", "n1"),
    ] {
        open(&browser, &served, &format!("#{scene}"));
        let before = boxes();
        for fraction in [0.3, 0.62, 0.95] {
            slide(&browser, key, fraction);
            assert_eq!(boxes(), before, "{scene}, {key} at {fraction}");
        }
    }
}

#[test]
fn separable_classes_are_reported_and_a_drawing_goes_home_by_itself() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes?c0=-4,0&c1=4,0");
    let status = browser.ask("return document.getElementById('status').textContent");
    let expected = "logistic (LGL): separable: no finite minimiser exists; every sample with x0 > ";
    assert!(status.as_str().is_some_and(|said| said.starts_with(expected)), "{status}");
    // No number of the problem before is left, and a line shows why there is none.
    assert_eq!(numbers(&browser), json!({}));
    let dashed = "return document.querySelectorAll('#picture-plane path[stroke-dasharray=\"7 5\"]').length";
    assert_eq!(browser.ask(dashed), 1);
    open(&browser, &served, "#two-classes?c0=-4,0&c1=4,0&penalty=0.001");
    assert_eq!(browser.ask(dashed), 0);
    let ratio = shown(&numbers(&browser), "error_ratio");
    assert!((ratio / 10.0 - 1.0).abs() < 1e-12, "the intercept is not penalised: {ratio}");
    open(&browser, &served, "#two-classes?theme=dark");
    let saved = saved(&browser, "#picture-plane button");
    assert!(saved.starts_with("<svg ") && saved.contains("xmlns=\"http://www.w3.org/2000/svg\""), "{saved}");
    assert!(!saved.contains("var(") && !saved.contains("tabindex"), "{saved}");
    // The colours are those of paper, whatever the page looks like.
    assert!(saved.contains("rgb(255, 255, 255)"), "{saved}");
    assert_eq!(browser.console(), json!([]));
}

#[test]
fn a_move_is_seen_soon_and_moves_that_are_overtaken_are_dropped() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    for (what, link, key) in [
        ("2 classes, N = 2,000", "#two-classes?n0=1000&n1=1000&c0=-0.5,0&c1=0.5,0", "w"),
        ("3 classes, N = 2,000", "#three-classes?n0=700&n1=700&n2=600", "penalty"),
        ("10 classes, N = 1,200, three losses", "#averaging?design=ring&easy=9", "beta"),
    ] {
        open(&browser, &served, link);
        browser.ask("performance.clearMeasures()");
        for step in 0..15 {
            slide(&browser, key, 0.2 + 0.04 * f64::from(step));
        }
        let taken = browser.ask(
            "return performance.getEntriesByName('move').map(entry => entry.duration).sort((a, b) => a - b)",
        );
        let taken: Vec<f64> = taken.as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
        println!(
            "{what}: seen after {:.0} ms (median of {}), at most {:.0} ms",
            taken[taken.len() / 2],
            taken.len(),
            taken[taken.len() - 1]
        );
        assert_eq!(taken.len(), 15, "every move that was waited for is seen");
        // Two hundred moves at once: the first is asked, and of those made meanwhile only the last.
        browser.ask("performance.clearMeasures(); performance.clearResourceTimings()");
        browser.ask(&format!(
            "const slider = document.getElementById('control-{key}');
             for (let move = 0; move < 200; move += 1) {{
                 slider.value = Number(slider.min) + (move / 200) * (Number(slider.max) - Number(slider.min));
                 slider.dispatchEvent(new Event('input', {{ bubbles: true }}));
             }}"
        ));
        wait_until_ready(&browser);
        let asked = browser.ask("return performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('/solve')).length");
        assert!(asked.as_u64().is_some_and(|asked| (1..=3).contains(&asked)), "{what}: asked {asked} times");
    }
}

/// The worksheet's links, each with the text up to the next one.
fn links(worksheet: &str) -> Vec<(&str, &str)> {
    let mut links = Vec::new();
    for part in worksheet.split("(http://127.0.0.1:8309/").skip(1) {
        let (link, rest) = part.split_once(')').expect("a link ends");
        // An exercise's last answer ends where its proof begins, with the next paragraph.
        links.push((link, rest.split("\n\n").next().expect("text")));
    }
    links
}

#[test]
fn the_worksheets_links_open_what_they_say() {
    links_open_what_is_said(include_str!("../../docs/teaching.md"));
    links_open_what_is_said(include_str!("../../docs/teaching.zh.md"));
}

fn links_open_what_is_said(worksheet: &str) {
    assert_eq!(worksheet.matches("\n## ").count(), 8);
    let links = links(worksheet);
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    let mut answers = 0;
    for (link, text) in &links {
        open(&browser, &served, link);
        let seen = browser.ask(
            "return [...document.querySelectorAll('#status, th, .readout, .picture:not([hidden]) svg text')].map(element => element.textContent).join(' | ')",
        );
        let seen = seen.as_str().expect("text");
        for answer in text.split("**").skip(1).step_by(2) {
            assert!(seen.contains(answer), "{link}: {answer} is not on the page: {seen}");
            answers += 1;
        }
        assert_eq!(browser.console(), json!([]), "{link}");
    }
    assert!(links.len() >= 12 && answers >= 16, "{} links, {answers} answers", links.len());
    // Every exercise leads somewhere, and every scene but one is visited.
    for exercise in worksheet.split("\n## ").skip(1) {
        assert!(exercise.contains("(http://127.0.0.1:8309/#"), "{exercise}");
    }
}

#[test]
fn a_prediction_comes_before_the_number_and_a_tour_leads_through_the_page() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes?quiz=1");
    let covered = "return getComputedStyle(document.querySelector('#picture-plane svg')).visibility";
    assert_eq!(browser.ask(covered), "hidden");
    browser
        .ask("document.getElementById('prediction').value = '3'; document.getElementById('reveal').click()");
    let said = waited(&browser, "return document.getElementById('quiz-found').textContent");
    assert_eq!(said, "You said 3. It is 10.");
    assert_eq!(browser.ask(covered), "visible");
    // Every question of every scene has a number to reveal.
    for scene in SCENES.into_iter().filter(|scene| !["losses", "own-data"].contains(scene)) {
        open(&browser, &served, &format!("#{scene}?quiz=1"));
        let count = browser.ask("return document.querySelector('#quiz .count').textContent");
        let questions: usize =
            count.as_str().and_then(|text| text.split(' ').next_back()?.parse().ok()).expect("a number");
        for question in 0..questions {
            wait_until_ready(&browser);
            browser.ask("document.getElementById('reveal').click()");
            let said = waited(&browser, "return document.getElementById('quiz-found').textContent");
            assert!(
                said.as_str().is_some_and(|said| !said.contains('–') && said.len() >= 8),
                "{scene}, {question}: {said}"
            );
            browser.ask("document.getElementById('next-question')?.click()");
        }
    }
    open(&browser, &served, "#losses");
    browser.ask("document.getElementById('tool-tour').click()");
    for step in 1..=5 {
        wait_until_ready(&browser);
        let seen = browser.ask(
            "return [document.querySelector('#tour .count').textContent, document.querySelectorAll('.marked').length]",
        );
        assert_eq!(seen, json!([format!("{step} of 5"), 1]));
        browser.ask("document.getElementById('tour-next').click()");
    }
    assert_eq!(browser.ask("return document.getElementById('tour').hidden"), true);
    assert_eq!(browser.console(), json!([]));
}

#[test]
fn a_move_can_be_undone() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes");
    let before = drawn(&browser);
    assert_eq!(browser.ask("return document.getElementById('undo').disabled"), true);
    slide(&browser, "w", 0.9);
    assert_ne!(drawn(&browser), before);
    browser.ask("document.getElementById('undo').click()");
    wait_until_ready(&browser);
    assert_eq!(drawn(&browser), before);
}
