//! What quick and careful hands do: ask before there is an answer, leave a scene at once, come back, listen instead of looking.

use super::in_browser::SCENES;
use super::page::{PATIENCE, numbers, open, open_at, shown, slide, wait_until_ready};
use super::served::Served;
use super::site::{drop_file, visited};
use crate::browser::Browser;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Waits until a script returns something else than nothing.
pub(super) fn waited(browser: &Browser, script: &str) -> Value {
    let begun = Instant::now();
    loop {
        let found = browser.ask(script);
        if found != "" && found != Value::Null && found != false {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{script}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_is_revealed_at_once_belongs_to_the_question() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    let found = "return document.getElementById('quiz-found').textContent";
    browser.open("about:blank");
    browser.open(&format!("{}#two-classes?quiz=1", served.address));
    browser.ask("document.getElementById('reveal').click()");
    assert_eq!(waited(&browser, found), "It is 10.");
    browser
        .ask("document.getElementById('next-question').click(); document.getElementById('reveal').click()");
    assert_eq!(waited(&browser, found), "It is 1.");
}

/// Nothing but the question is at hand until it is answered.
#[test]
fn what_is_asked_cannot_be_moved() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes?quiz=1");
    let locked = "return ['controls', 'pictures'].map(id => document.getElementById(id).inert)";
    assert_eq!(browser.ask(locked), json!([true, true]));
    // Another state of the scene by another way.
    browser.ask("location.hash = '#two-classes?quiz=1&w=100'");
    wait_until_ready(&browser);
    browser.ask("document.getElementById('reveal').click()");
    let found = "return document.getElementById('quiz-found').textContent";
    assert_eq!(waited(&browser, found), "It is 10.");
    assert_eq!(browser.ask(locked), json!([false, false]));
}

/// A move writes its link a little later: not over that of a scene that is about to open.
#[test]
fn a_scene_opens_however_soon_it_is_asked_for_after_a_move() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes");
    // The link's turn comes between the click and the browser's word of it.
    browser.ask(
        "const later = window.setTimeout;
         let writeLink;
         window.setTimeout = (work, time, ...rest) => time === 200 ? (writeLink = work, 0) : later(work, time, ...rest);
         const slider = document.getElementById('control-w');
         slider.value = 50;
         slider.dispatchEvent(new Event('input', { bubbles: true }));
         window.setTimeout = later;
         document.querySelector('[data-scene=losses]').click();
         writeLink();",
    );
    waited(&browser, "return document.querySelector('[data-scene=losses][aria-current]') !== null");
    waited(&browser, "return location.hash === '#losses'");
}

/// On a phone what is marked is scrolled to, and the tour stays.
#[test]
fn the_tour_stays_in_view_and_leads_back() {
    let served = Served::start();
    let Some(browser) = Browser::start((390, 844)) else { return };
    open(&browser, &served, "#averaging?beta=20");
    slide(&browser, "beta", 0.5);
    waited(&browser, "return location.hash === '#averaging?beta=10'");
    browser.ask("document.getElementById('tool-tour').click()");
    for step in 1..=5 {
        wait_until_ready(&browser);
        let seen = browser.ask(
            "const [box, marked] = ['#tour', '.marked'].map(name => document.querySelector(name).getBoundingClientRect());
             return [box.top >= 0, box.bottom <= innerHeight, marked.top >= 0 && marked.top < box.top]",
        );
        assert_eq!(seen, json!([true, true, true]), "step {step}");
        browser.ask("document.getElementById('tour-next').click()");
    }
    waited(&browser, "return location.hash === '#averaging?beta=10'");
    assert_eq!(browser.ask("return document.getElementById('undo').disabled"), false);
}

#[test]
fn scenes_without_questions_hide_nothing() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    for (scene, expected) in [
        ("two-classes", json!([false, false])),
        ("losses", json!([true, true])),
        ("own-data", json!([true, true])),
    ] {
        open(&browser, &served, &format!("#{scene}?quiz=1"));
        let seen = browser.ask(
            "return [document.getElementById('claim').offsetParent !== null, document.getElementById('tool-quiz').disabled]",
        );
        assert_eq!(seen, expected, "{scene}");
    }
}

#[test]
fn a_move_just_after_another_scene_can_be_undone() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes");
    slide(&browser, "w", 0.9);
    browser.ask("document.querySelector('[data-scene=\"batches\"]').click()");
    waited(&browser, "return document.getElementById('control-batch') !== null");
    slide(&browser, "batch", 0.9);
    assert_eq!(browser.ask("return document.getElementById('undo').disabled"), false);
}

/// A question that another one waits behind does not hold it up for ever, and its work ends with it.
#[test]
fn work_that_was_overtaken_is_ended() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes");
    browser.ask(
        "const real = window.fetch;
         window.ended = 0;
         window.fetch = (address, { signal }) => new Promise((_, reject) => {
             window.fetch = real;
             signal.addEventListener('abort', () => { window.ended += 1; reject(signal.reason); });
         });",
    );
    let move_to = |place: u32| {
        browser.ask(&format!(
            "const slider = document.getElementById('control-w');
             slider.value = {place};
             slider.dispatchEvent(new Event('input', {{ bubbles: true }}))"
        ));
    };
    move_to(300);
    move_to(400);
    wait_until_ready(&browser);
    assert_eq!(browser.ask("return window.ended"), 1);
    let ratio = shown(&numbers(&browser), "error_ratio");
    assert!((ratio * 10.0 - 1.0).abs() < 1e-12, "of the last move, with a weight of 100: {ratio}");
    // A solver in the page is ended with its worker.
    let Some((_site, server, browser)) = visited((1280, 900)) else { return };
    open_at(&browser, &server.address, "#two-classes");
    browser.ask(
        "const ask = Worker.prototype.postMessage;
         window.ended = 0;
         Worker.prototype.postMessage = function (message) {
             Worker.prototype.postMessage = ask;
         };
         const end = Worker.prototype.terminate;
         Worker.prototype.terminate = function () { window.ended += 1; end.call(this); };
         const slider = document.getElementById('control-w');
         for (const place of [300, 400]) {
             slider.value = place;
             slider.dispatchEvent(new Event('input', { bubbles: true }));
         }",
    );
    wait_until_ready(&browser);
    assert_eq!(browser.ask("return window.ended"), 1);
    let ratio = shown(&numbers(&browser), "error_ratio");
    assert!((ratio * 10.0 - 1.0).abs() < 1e-12, "{ratio}");
    assert_eq!(browser.console(), json!([]));
}

fn table(names: &str, classes: [&str; 2]) -> String {
    let row = |place: u32| {
        let class = classes[usize::from(place.is_multiple_of(3))];
        format!("{},{},{class}\n", place * 7 % 11, f64::from(place * 5 % 13) + 0.5)
    };
    format!("{names}\n{}", (0..60).map(row).collect::<String>())
}

#[test]
fn a_table_stays_open_while_one_looks_elsewhere() {
    let Some((_site, server, browser)) = visited((1280, 900)) else { return };
    open_at(&browser, &server.address, "#own-data");
    let seen = || {
        browser.ask(
            "return [document.documentElement.dataset.state, document.getElementById('control-label').value,
                document.querySelector('#presets [aria-pressed=true]')?.textContent, document.getElementById('comment').textContent !== '']",
        )
    };
    // `y` beside `x` is a coordinate.
    drop_file(&browser, "one.csv", &table("x,y,kind", ["a", "b"]));
    assert_eq!(seen(), json!(["ready", "kind", "Solve", true]));
    for scene in ["two-classes", "own-data"] {
        browser.ask(&format!("document.querySelector('[data-scene=\"{scene}\"]').click()"));
        waited(
            &browser,
            &format!("return document.querySelector('[data-scene=\"{scene}\"][aria-current]') !== null"),
        );
        wait_until_ready(&browser);
    }
    assert_eq!(seen(), json!(["ready", "kind", "Solve", true]));
    std::thread::sleep(Duration::from_millis(700));
    drop_file(&browser, "other.csv", &table("u,v,sort", ["c", "d"]));
    browser.ask("document.getElementById('undo').click()");
    wait_until_ready(&browser);
    assert_eq!(seen(), json!(["ready", "sort", "Solve", true]), "columns of another table are not asked for");
}

/// A file that falls onto another scene is not lost, and names of many classes do not meet.
#[test]
fn a_file_that_falls_anywhere_is_taken_and_many_long_names_are_told_apart() {
    let Some((_site, server, browser)) = visited((1280, 900)) else { return };
    open_at(&browser, &server.address, "#two-classes");
    let class = |place: u32| {
        format!("a rather long name of class {}", (b'a' + u8::try_from(place % 12).expect("small")) as char)
    };
    let row = |place: u32| format!("{},{},{}\\n", place * 7 % 11 + place % 12, place * 5 % 13, class(place));
    let text = format!("u,v,class\\n{}", (0..360).map(row).collect::<String>());
    browser.ask(&format!(
        "const transfer = new DataTransfer();
         transfer.items.add(new File(['{text}'], 'many.csv'));
         document.body.dispatchEvent(new DragEvent('drop', {{ dataTransfer: transfer, bubbles: true, cancelable: true }}))"
    ));
    waited(&browser, "return document.querySelectorAll('#picture-report tbody tr').length === 12");
    wait_until_ready(&browser);
    assert_eq!(browser.ask("return location.hash.split('?')[0]"), "#own-data");
    let meeting = browser.ask(
        "const names = [...document.querySelectorAll('#picture-matrix svg text')].filter(text => text.textContent.includes('…'));
         const frame = document.querySelector('#picture-matrix svg').getBoundingClientRect();
         const rows = names.filter(text => !text.getAttribute('transform')).map(text => text.getBoundingClientRect());
         const title = [...document.querySelectorAll('#picture-matrix svg text')].find(text => text.getAttribute('transform')?.includes('rotate(-90)')).getBoundingClientRect();
         const columns = names.filter(text => text.getAttribute('transform')).map(text => text.getBoundingClientRect().left);
         return [names.length, new Set(names.map(text => text.textContent)).size,
             rows.filter(row => row.left < title.right || row.left < frame.left).length,
             columns.filter((left, place) => place > 0 && left - columns[place - 1] < 10).length,
             new Set([...document.querySelectorAll('#picture-ledger svg rect')].map(bar => bar.getAttribute('fill'))).size]",
    );
    assert_eq!(
        meeting,
        json!([24, 12, 0, 0, 12]),
        "names, different ones, rows and columns that meet, colours"
    );
    assert_eq!(browser.console(), json!([]));
}

/// Of files that fall in quick succession the last is taken; one that is read while another scene is opened changes nothing there.
#[test]
fn the_last_file_is_taken_and_touches_no_other_scene() {
    let Some((_site, server, browser)) = visited((1280, 900)) else { return };
    open_at(&browser, &server.address, "#own-data");
    let drop_both = format!(
        "const long = 'x,y,class\\n' + Array.from({{ length: 19000 }}, (_, i) => `${{i * 7 % 11}},${{(i * 0.37).toFixed(6)}},${{i % 3 ? 'a' : 'b'}}`).join('\\n');
         for (const [name, text] of [['long.csv', long], ['short.csv', {}]]) {{
             const transfer = new DataTransfer();
             transfer.items.add(new File([text], name));
             document.getElementById('drop').dispatchEvent(new DragEvent('drop', {{ dataTransfer: transfer, bubbles: true, cancelable: true }}));
         }}",
        json!(table("u,v,sort", ["c", "d"]))
    );
    browser.ask(&drop_both);
    waited(&browser, "return document.getElementById('own-file').textContent.includes('.csv')");
    std::thread::sleep(Duration::from_secs(2));
    wait_until_ready(&browser);
    let open = "return [document.getElementById('own-file').textContent, document.getElementById('control-label').value]";
    assert_eq!(browser.ask(open), json!(["short.csv", "sort"]));
    browser.ask(&format!("{drop_both}\n document.querySelector('[data-scene=\"two-classes\"]').click()"));
    std::thread::sleep(Duration::from_secs(2));
    wait_until_ready(&browser);
    let seen = browser.ask(
        "return [document.getElementById('name').textContent, document.getElementById('undo').disabled]",
    );
    assert_eq!(seen, json!(["Two classes", true]));
    assert_eq!(browser.console(), json!([]));
}

/// The axes of a plane are the features of the head, which need not be columns, and what of them is seen.
#[test]
fn a_plane_says_what_its_axes_are() {
    let Some((_site, server, browser)) = visited((1280, 900)) else { return };
    let axes = "return document.querySelector('#picture-plane .readout').textContent";
    open_at(&browser, &server.address, "#own-data?features=two");
    drop_file(&browser, "two.csv", &table("u,v,sort", ["c", "d"]));
    assert_eq!(browser.ask(axes), "→ u [−0.25, 10.3], ↑ v [0.2, 12.8]");
    for (axis, feature) in [("across", "v"), ("up", "u")] {
        browser.ask(&format!(
            "const list = document.getElementById('control-{axis}');
             list.value = '{feature}';
             list.dispatchEvent(new Event('change'))"
        ));
    }
    wait_until_ready(&browser);
    assert_eq!(browser.ask(axes), "→ v [0.2, 12.8], ↑ u [−0.25, 10.3]");
    open_at(&browser, &server.address, "#own-data?missing=indicator");
    let row = |place: u32| {
        let cell = if place.is_multiple_of(7) { String::new() } else { (place * 5 % 13).to_string() };
        format!("{cell},{}\n", ["a", "b"][usize::from(place.is_multiple_of(3))])
    };
    drop_file(&browser, "gaps.csv", &format!("x,class\n{}", (0..60).map(row).collect::<String>()));
    let said = browser.ask(axes);
    let said = said.as_str().expect("text");
    assert!(
        said.starts_with("→ x [") && said.contains("missing") && said.contains("[−0.025, 1.02]"),
        "{said}"
    );
}

/// Class weights on a real table, which comes with the page.
#[test]
fn weights_are_found_on_a_real_table() {
    let Some((_site, server, browser)) = visited((1280, 900)) else { return };
    open_at(&browser, &server.address, "#own-data");
    browser.ask("document.getElementById('own-example').click()");
    waited(&browser, "return document.getElementById('picture-report').textContent.includes('215 rows')");
    wait_until_ready(&browser);
    browser.ask("document.querySelectorAll('#presets button')[1].click()");
    wait_until_ready(&browser);
    let found = numbers(&browser);
    let shortfalls: Vec<f64> = (0..3).map(|class| shown(&found, &format!("shortfall-{class}"))).collect();
    assert!(shortfalls[0] > 0.0, "{found}");
    for shortfall in &shortfalls {
        assert!((shortfall / shortfalls[0] - 1.0).abs() < 1e-6, "{shortfalls:?}");
    }
    assert_eq!(browser.console(), json!([]));
}

#[test]
fn the_tour_begins_by_itself_once_and_ends_with_a_key() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    let is_hidden = "return document.getElementById('tour').hidden";
    open(&browser, &served, "");
    assert_eq!(browser.ask(is_hidden), false);
    let focused = "return document.activeElement.id";
    assert_eq!(browser.ask(focused), "tour-next");
    browser.press("\u{E00C}");
    assert_eq!((browser.ask(is_hidden), browser.ask(focused)), (json!(true), json!("tool-tour")));
    open(&browser, &served, "");
    assert_eq!(browser.ask(is_hidden), true, "the second visit");
}

/// What a reader of screens is told: drawings with parts to move or to choose are no images, whose parts are never read out.
#[test]
fn parts_of_drawings_can_be_heard() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    for scene in SCENES {
        open(&browser, &served, &format!("#{scene}"));
        let unheard = browser.ask(
            "return [...document.querySelectorAll('svg[role=img] [tabindex]')].map(part => part.getAttribute('aria-label'))",
        );
        assert_eq!(unheard, json!([]), "{scene}");
        let unranged = browser.ask(
            "return [...document.querySelectorAll('svg [role=slider]')].filter(part =>
                ['min', 'max', 'now', 'text'].some(name => !part.hasAttribute(`aria-value${name}`)) && part.style.display !== 'none'
            ).map(part => part.getAttribute('aria-label'))",
        );
        assert_eq!(unranged, json!([]), "{scene}");
    }
}
