//! README and docs hold together: links lead somewhere, every page is in the book, and numbers are those of the records.

use crate::analysis::{Record, Results, SHIPPED, Selector};
use crate::claims::claim_ids;
use crate::loss::LOSS_TABLE;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{read_dir, read_to_string};
use std::path::{Component, Path, PathBuf};

/// Lines that a newcomer reads at most.
const README_LINES: usize = 150;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All pages of the book, and the README.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut found = vec![PathBuf::from("README.md")];
    let mut directories = vec![PathBuf::from("docs")];
    while let Some(directory) = directories.pop() {
        for entry in read_dir(root().join(&directory)).expect("a directory") {
            let entry = entry.expect("an entry");
            let path = directory.join(entry.file_name());
            if entry.path().is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|kind| kind == "md") {
                found.push(path);
            }
        }
    }
    found.into_iter().map(|path| (path.clone(), read(path))).collect()
}

/// A page without its code.
fn prose(page: &str) -> String {
    let outside = page.split("```").step_by(2).collect::<String>();
    outside.split('`').step_by(2).collect()
}

/// Where the links of a page lead.
fn links(page: &str) -> Vec<String> {
    let prose = prose(page);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// The places of a page that can be linked to: named ones, and headings as code hosts and mdBook name them.
fn anchors(page: &str) -> BTreeSet<String> {
    let named = page.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned);
    let heading = |line: &str| {
        let text = line.trim_start_matches('#').trim().replace('`', "").to_lowercase();
        let kept = text.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    };
    let headings = page.lines().filter(|line| line.starts_with('#')).map(heading);
    named.chain(headings).collect()
}

/// Links of a page that lead nowhere, or from the book to a page that is not in it.
fn dead_links(path: &Path, page: &str, pages: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let is_dead = |target: &&String| {
        let (file, place) =
            target.split_once('#').map_or((target.as_str(), None), |(file, place)| (file, Some(place)));
        let beside = path.parent().unwrap_or(Path::new(""));
        let file = if file.is_empty() { path.to_owned() } else { plain(&beside.join(file)) };
        let leaves_the_book =
            path.starts_with("docs") && !file.starts_with("docs") && !file.starts_with("figures");
        let missing =
            place.is_some_and(|place| pages.get(&file).is_none_or(|page| !anchors(page).contains(place)));
        leaves_the_book || missing || !root().join(&file).exists()
    };
    links(page).iter().filter(is_dead).map(|target| format!("{}: {target}", path.display())).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let dead: Vec<String> = pages.iter().flat_map(|(path, page)| dead_links(path, page, &pages)).collect();
    assert_eq!(dead, Vec::<String>::new());
    assert!(pages.values().map(|page| links(page).len()).sum::<usize>() > 100);
    // Controls: no file, no place, out of the book; code is no link.
    let page = "[a](theory.md) [b](theory.md#b5) [c](nowhere.md) [d](glossary.md#x9) [e](../README.md) `[f](nowhere.md)`";
    let expected = ["docs/new.md: nowhere.md", "docs/new.md: glossary.md#x9", "docs/new.md: ../README.md"];
    assert_eq!(dead_links(Path::new("docs/new.md"), page, &pages), expected);
}

#[test]
fn the_book_has_every_page() {
    // JOSS sets its paper by itself.
    let apart = ["docs/SUMMARY.md", "docs/paper/paper.md"].map(PathBuf::from);
    let listed = links(&read("docs/SUMMARY.md")).into_iter().map(|target| Path::new("docs").join(target));
    let mut listed: Vec<PathBuf> = listed.collect();
    listed.sort_unstable();
    let there = pages().into_keys().filter(|path| path.starts_with("docs") && !apart.contains(path));
    assert_eq!(listed, there.collect::<Vec<_>>());
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= README_LINES, "{lines} lines; docs has room for more");
}

#[test]
fn every_shipped_analysis_has_its_row() {
    let page = read("docs/figures.md");
    let missing =
        SHIPPED.iter().map(|shipped| shipped.name).filter(|name| !page.contains(&format!("`{name}`")));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new());
}

/// A number that a page takes from the records: what comes before `<!--DIRECTORY: QUERY-->`, and the query.
struct Quoted<'a> {
    text: &'a str,
    analysis: &'a str,
    query: &'a str,
}

fn quoted(page: &str) -> Vec<Quoted<'_>> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("<!--") {
        let Some((comment, behind)) = after.split_once("-->") else { break };
        if let Some((analysis, query)) = comment.split_once(": ") {
            let is_number = |letter: char| letter.is_ascii_digit() || ".e-−%".contains(letter);
            let start = before.trim_end_matches(is_number).len();
            found.push(Quoted { text: &before[start..], analysis, query });
        }
        rest = behind;
    }
    found
}

/// Whether a number as it is printed is this one, rounded.
fn is_rounded(text: &str, value: f64) -> bool {
    let (digits, value) = match text.strip_suffix('%') {
        Some(digits) => (digits, 100.0 * value),
        None => (text, value),
    };
    let digits = digits.replace('−', "-");
    let Ok(printed) = digits.parse::<f64>() else { return false };
    let (mantissa, power) = digits.split_once('e').unwrap_or((&digits, "0"));
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let power: i32 = power.parse().unwrap_or(0);
    let unit = 10_f64.powi(power - i32::try_from(decimals).unwrap_or(0));
    (printed - value).abs() <= 0.5 * unit * (1.0 + 1e-9)
}

/// The mean, least or largest number of some records, or how many records there are: `mean recall.1 of LGL at beta=20`, as captions
/// put it. Nothing where no record is meant.
fn number(results: &Results, query: &str) -> Option<f64> {
    let (rest, places) = query.split_once(" at ").map_or((query, ""), |(rest, places)| (rest, places));
    let (rest, series) = rest.split_once(" of ").map_or((rest, None), |(rest, series)| (rest, Some(series)));
    let places: Vec<(&str, &str)> = places.split(", ").filter_map(|place| place.split_once('=')).collect();
    let is_meant = |record: &&Record| {
        series.is_none_or(|series| results.series_name(record.series) == series)
            && places.iter().all(|(axis, value)| results.is_at(record, axis, value))
    };
    let records: Vec<&Record> = results.records.iter().filter(is_meant).collect();
    let Some((statistic, measure)) = rest.split_once(' ') else {
        return (rest == "count").then_some(records.len() as f64);
    };
    let selector = Selector::try_from(measure.to_owned()).expect("a measure");
    let numbers: Vec<f64> = records.iter().flat_map(|record| record.picked(&selector)).collect();
    let pair = |one: fn(f64, f64) -> f64| numbers.iter().copied().reduce(one);
    match statistic {
        "mean" => pair(|sum, number| sum + number).map(|sum| sum / numbers.len() as f64),
        "min" => pair(f64::min),
        "max" => pair(f64::max),
        _ => None,
    }
}

#[test]
fn numbers_are_those_of_the_records() {
    let mut read_results: BTreeMap<String, Results> = BTreeMap::new();
    let (mut wrong, mut checked) = (Vec::new(), 0);
    let pages = pages();
    for (path, page) in &pages {
        for Quoted { text, analysis, query } in quoted(page) {
            let directory = root().join("figures").join(analysis);
            let results = read_results.entry(analysis.to_owned()).or_insert_with(|| {
                Results::read(&directory).unwrap_or_else(|error| panic!("{analysis}: {error}"))
            });
            match number(results, query) {
                Some(value) if is_rounded(text, value) => checked += 1,
                found => wrong.push(format!("{}: {text} for {analysis}: {query}: {found:?}", path.display())),
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(checked >= 80, "{checked}");
}

#[test]
fn rounding_is_told_from_error() {
    for (text, value) in
        [("0.250", 0.249_6), ("−0.33", -0.3333), ("52%", 0.5225), ("2.3e-15", 2.309e-15), ("1560", 1560.0)]
    {
        assert!(is_rounded(text, value), "{text}");
    }
    for (text, value) in
        [("0.250", 0.2494), ("0.33", -0.3333), ("53%", 0.5225), ("2.3e-15", 2.36e-15), ("", 1.0)]
    {
        assert!(!is_rounded(text, value), "{text}");
    }
    let page =
        "It is 0.5<!--triangle: count--> and <!-- a remark --> −0.25<!--separable: mean shortfall.0-->.";
    let found: Vec<(&str, &str)> = quoted(page).iter().map(|quoted| (quoted.text, quoted.analysis)).collect();
    assert_eq!(found, [("0.5", "triangle"), ("−0.25", "separable")]);
}

#[test]
fn counts_of_claims_and_losses_are_right() {
    let claims = claim_ids().len();
    assert!(
        read("docs/paper/paper.md").contains(&format!("It checks {claims} claims")),
        "docs/paper/paper.md"
    );
    assert_eq!(LOSS_TABLE.len(), 14, "docs/conventions.md speaks of fourteen losses");
    assert!(read("docs/conventions.md").contains("There are fourteen losses"));
}

#[test]
fn descriptions_of_the_software_agree() {
    let (citation, paper) = (read("CITATION.cff"), read("docs/paper/paper.md"));
    let zenodo: serde_json::Value = serde_json::from_str(&read(".zenodo.json")).expect("JSON");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(zenodo["version"], version);
    assert!(citation.contains(&format!("\nversion: {version}\n")));
    let title = zenodo["title"].as_str().expect("a title");
    assert!(
        citation.contains(&format!("title: \"{title}\"")) && paper.contains(&format!("title: '{title}'"))
    );
    let author = zenodo["creators"][0]["name"].as_str().expect("a name");
    assert!(
        citation.contains(&format!("- name: \"{author}\"")) && paper.contains(&format!("- name: {author}\n"))
    );
    assert!(env!("CARGO_PKG_LICENSE").contains(zenodo["license"].as_str().expect("a licence")));
    // Every work that the paper cites is listed, and no other.
    let bibliography = read("docs/paper/paper.bib");
    let listed = bibliography.lines().filter_map(|line| line.strip_prefix('@')?.split_once('{'));
    let listed: BTreeSet<&str> = listed.map(|(_, rest)| rest.trim_end_matches(',')).collect();
    let cited = paper.split('@').skip(1).filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
    assert_eq!(cited.collect::<BTreeSet<&str>>(), listed);
}
