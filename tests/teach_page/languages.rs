//! The page in every language it has.

use super::in_browser::{SCENES, check_scene};
use super::page::{open, wait_until_ready};
use super::served::Served;
use super::site::drop_file;
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
                 if (typeof one !== 'object' || path === '.said') return [];
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

/// A language is chosen by loading the page anew; the table of one's own, and what was chosen of its columns, stay, and are in no link.
#[test]
fn a_table_stays_open_in_another_language() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#own-data?features=two");
    let row = |place: u32| {
        let class = |every: u32| ["a", "b"][usize::from(place.is_multiple_of(every))];
        format!("{},{},{},{},{}\n", place * 7 % 11, place * 5 % 13, place * 3 % 8, class(3), class(4))
    };
    drop_file(&browser, "own.csv", &format!("u,v,w,first,second\n{}", (0..60).map(row).collect::<String>()));
    let choose = |list: &str, value: &str| {
        browser.ask(&format!(
            "const list = document.getElementById('{list}');
             list.value = '{value}';
             list.dispatchEvent(new Event('change', {{ bubbles: true }}))"
        ));
        std::thread::sleep(Duration::from_millis(500));
        wait_until_ready(&browser);
    };
    let seen = || {
        browser.ask(
            "return [document.getElementById('own-file').textContent, ...['label', 'across', 'up'].map(key => document.getElementById(`control-${key}`).value)]",
        )
    };
    choose("control-label", "first");
    choose("control-across", "w");
    choose("control-up", "u");
    assert_eq!(seen(), json!(["own.csv", "first", "w", "u"]));
    choose("language", "zh");
    assert_eq!(browser.ask("return document.documentElement.lang"), "zh");
    assert_eq!(seen(), json!(["own.csv", "first", "w", "u"]));
    let hash = browser.ask("return location.hash");
    assert_eq!(hash, "#own-data?features=two&lang=zh", "names of columns are nobody else's business");
    // Nothing is left of it for whoever opens the page next.
    assert_eq!(browser.ask("return sessionStorage.length"), 0);
    assert_eq!(browser.console(), json!([]));
}

/// Formulas are set as such. That nothing is left of the dollar signs between which they are written is checked of every scene.
#[test]
fn formulas_are_typeset_in_every_language() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes");
    for code in languages(&browser) {
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

/// English sentences that a language translates, from the file of its texts.
fn translated_sentences(file: &str) -> Vec<String> {
    let said =
        file.split("  said: [\n").nth(1).and_then(|rest| rest.split("\n  ],").next()).expect("sentences");
    let of_line = |line: &str| {
        let (english, _) = line.trim().strip_prefix("['")?.split_once("', '")?;
        Some(english.replace("\\'", "'"))
    };
    said.lines().filter(|line| !line.trim().is_empty()).map(|line| of_line(line).expect("a pair")).collect()
}

/// The texts of all sources, one long line, lines that are continued joined.
fn sources() -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("crates/core/src")];
    let mut all = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                all += &std::fs::read_to_string(&path).expect("text");
            }
        }
    }
    let lines: Vec<&str> = all.lines().map(str::trim).collect();
    lines.join("\n").replace("\\\n", "").replace("\\\"", "\"")
}

/// A sentence that nothing says any more would stay English unseen.
#[test]
fn the_sentences_that_are_translated_are_in_the_sources() {
    /// Shorter ones between what varies, such as ", " or "line", are everywhere.
    const TELLING: usize = 8;
    let sources = sources();
    let absent = |sentence: &String| {
        let mut pieces: Vec<&str> = sentence.split('{').collect();
        pieces
            .iter_mut()
            .skip(1)
            .for_each(|piece| *piece = piece.split_once('}').map_or("", |(_, rest)| rest));
        // Places stand before what is wrong there.
        let is_absent =
            |piece: &str| piece.len() >= TELLING && !sources.contains(piece.trim_start_matches(": "));
        pieces.into_iter().any(is_absent)
    };
    let sentences = translated_sentences(include_str!("../../src/teach/page/words/zh.js"));
    assert!(sentences.len() > 100, "{}", sentences.len());
    assert!(absent(&"the solver has never said so".to_owned()));
    let absent: Vec<&String> = sentences.iter().filter(|sentence| absent(sentence)).collect();
    assert!(absent.is_empty(), "{absent:#?}");
}

/// What the solver says comes in the language of the page.
#[test]
fn what_the_solver_says_is_translated() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    let status = || browser.ask("return document.getElementById('status').textContent");
    open(&browser, &served, "#two-classes?lang=zh&c0=-4,0&c1=4,0");
    let said = status();
    let said = said.as_str().expect("text");
    assert!(said.contains("可分：不存在有限的极小点") && said.contains("的样本都属于类 "), "{said}");
    open(&browser, &served, "#losses?lang=zh");
    let legend = browser.ask("return document.getElementById('picture-legend').textContent");
    let legend = legend.as_str().expect("text");
    assert!(legend.contains("softmax 焦点损失") && legend.contains("每一类流出等于流入"), "{legend}");
    let in_formulas = browser.ask(
        "return [...document.querySelectorAll('#picture-legend math')].map(found => found.textContent).filter(text => /[\\u4e00-\\u9fff]/.test(text))",
    );
    assert_eq!(in_formulas, json!([]), "words are no variables");
    let said = browser.ask_later(
        "const done = arguments[arguments.length - 1];
         import('/words.js').then(({ translated }) => done([
             'own.csv: line 3, column \"samples\": \"?\" marks a missing value; fill it in, or give `missing` drop-row or `missing` indicator',
             'Worst class: recall. 40% of its 10 samples are correctly classified (of all, 80%); its own samples get probability 0.4 on average, and class b gets the most of the rest (0.6).',
             'every row of the logits is from 0 to 1 and sums to 1, as probabilities do; give `probabilities` if they are',
             'nobody has translated this: 1',
         ].map(translated)))",
    );
    let expected = [
        "own.csv：第 3 行，列 \"samples\"：\"?\" 表示缺失值；请填写，或在“缺失值”中去掉该行或加指示列",
        // Names of classes and columns stay as they are.
        "最差的类：recall。其 10 个样本中 40% 分类正确（全体为 80%）；自身样本平均得到概率 0.4，其余大半归类 b（0.6）。",
        "每一行 logit 都在 0 与 1 之间，和为 1，像是概率；若是，请在“得分是”中选“概率”",
        "nobody has translated this: 1",
    ];
    assert_eq!(said, json!(expected));
}
