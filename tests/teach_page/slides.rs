//! Scenes as slides.

use super::page::{open, saved};
use super::served::Served;
use crate::browser::Browser;
use serde_json::json;

#[test]
fn scenes_go_home_as_slides_with_claims_and_numbers() {
    let served = Served::start();
    let Some(browser) = Browser::start((1280, 900)) else { return };
    open(&browser, &served, "#two-classes?n0=500&n1=25&theme=dark");
    let deck = saved(&browser, "#deck");
    assert!(
        !deck.contains("var(") && !deck.contains("src=") && !deck.contains("<script"),
        "it stands by itself"
    );
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("slides.html");
    std::fs::write(&file, deck).expect("written");
    browser.open(&format!("file://{}", file.display()));
    let names = browser.ask("return [...document.querySelectorAll('svg.slide > text:first-of-type')].map(text => text.textContent)");
    // Without a table there is none of one's own data.
    let expected = [
        "Two classes",
        "Three classes",
        "Averaging",
        "Batches",
        "Separable",
        "Held out",
        "Not converged",
        "Real digits",
        "Losses",
    ];
    assert_eq!(names, json!(expected));
    // The open scene is as it was seen; its law and its numbers can be read.
    let first = browser.ask("return document.querySelector('svg.slide').textContent");
    let first = first.as_str().expect("text");
    assert!(first.contains("s1 / P0 = λ0 N0 / λ1 N1") && first.contains("s₁ / P₀ = 20"), "{first}");
    // Nobody can drag or choose anything on them.
    let said = browser.ask("return document.body.textContent");
    let said = said.as_str().expect("text");
    assert!(!said.contains("drag") && !said.contains("choose"), "{said}");
    // All pictures of a scene, in letters that a wall takes, and its settings.
    let pictures =
        browser.ask("return [...document.querySelectorAll('svg.slide')].map(slide => slide.querySelectorAll(':scope > svg').length)");
    assert_eq!(pictures, json!([3, 5, 3, 5, 3, 3, 4, 3, 2]));
    assert!(
        first.contains("Negatives N₀: 500 · Positives N₁: 25 · Weight of a positive λ₁ (λ₀ = 1): 1"),
        "{first}"
    );
    assert!(
        said.contains("Data: In the plane · Weights: Inverse frequency · Samples of class 0: 300"),
        "{said}"
    );
    let small = browser.ask(
        "return [...document.querySelectorAll('svg.slide > svg')].flatMap(picture => {
            const scale = picture.width.baseVal.value / picture.viewBox.baseVal.width;
            return [...picture.querySelectorAll('text')].filter(text => text.getAttribute('font-size') * scale < 11.5).map(text => text.textContent);
        })",
    );
    assert_eq!(small, json!([]), "letters of pictures on slides");
    let outside = browser.ask(
        "return [...document.querySelectorAll('svg.slide')].flatMap(slide => {
            const frame = slide.getBoundingClientRect();
            return [...slide.querySelectorAll('text')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
            }).map(text => text.textContent);
        })",
    );
    assert_eq!(outside, json!([]), "texts beyond their slide");
    assert_eq!(browser.console(), json!([]));
}
