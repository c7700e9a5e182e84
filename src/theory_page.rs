//! docs/theory.md has an entry for every claim, with the statement that the code has, and every place that is cited.

use crate::claims::{claim_follows_from, claim_ids, claim_statement, claim_title};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file of the repository.
fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Everything that may cite the page: sources, documents, shipped analyses.
fn citing_files() -> Vec<PathBuf> {
    let (mut found, mut directories) =
        (vec![PathBuf::from("README.md"), PathBuf::from("CONTRIBUTING.md")], vec![]);
    directories.extend(["src", "crates", "docs", "analyses"].map(PathBuf::from));
    while let Some(directory) = directories.pop() {
        let listed =
            std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(&directory)).expect("a directory");
        for entry in listed {
            let entry = entry.expect("an entry");
            let path = directory.join(entry.file_name());
            if entry.path().is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "md" || kind == "toml") {
                found.push(path);
            }
        }
    }
    found
}

/// The places of a page that can be linked to.
fn anchors(page: &str) -> BTreeSet<&str> {
    page.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The places that a text cites: `theory.md#r1`, and what follows as `, #r2`, ` and #r2` or ` to #r2`.
fn cited(text: &str) -> Vec<&str> {
    let mut places = Vec::new();
    for after in text.split("theory.md#").skip(1) {
        let mut rest = after;
        loop {
            let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
            let (place, after) = rest.split_at(end.unwrap_or(rest.len()));
            places.push(place);
            let next = [", #", " and #", " to #"].iter().find_map(|joint| after.strip_prefix(joint));
            let Some(next) = next else { break };
            rest = next;
        }
    }
    places
}

/// The ids of claims that a text mentions by themselves, such as `B5`; of sources, in lines of comment. Not those that begin with S,
/// which are names of benchmarks too, nor the names that an analysis gives to its figures and tables.
fn mentioned(path: &Path, text: &str) -> Vec<String> {
    let is_source = path.extension().is_some_and(|kind| kind == "rs");
    let names = |line: &&str| ["id = ", "table = "].iter().any(|key| line.trim_start().starts_with(key));
    let lines = text.lines().filter(|line| !is_source || line.trim_start().starts_with("//"));
    let lines = lines.filter(|line| !names(line));
    let words = lines.flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric()));
    let is_id = |word: &&str| {
        matches!(
            word.as_bytes(),
            [b'B' | b'I' | b'W' | b'A' | b'R' | b'N' | b'M' | b'T' | b'C' | b'H', b'0'..=b'9']
        )
    };
    words.filter(is_id).map(str::to_lowercase).collect()
}

/// What is wrong between a page and the texts that cite it: places that it lacks, and names of the page from before it
/// was part of the repository.
fn dangling<'a>(page: &str, texts: impl IntoIterator<Item = (&'a Path, &'a str)>) -> Vec<String> {
    let known = anchors(page);
    let mut wrong = Vec::new();
    for (path, text) in texts {
        let places = cited(text).into_iter().map(str::to_owned).chain(mentioned(path, text));
        let missing = places.filter(|place| !known.contains(place.as_str()));
        wrong.extend(missing.map(|place| format!("{}: theory.md#{place}", path.display())));
        if text.contains("THEORY") {
            wrong.push(format!("{}: THEORY, which is docs/theory.md", path.display()));
        }
    }
    wrong
}

/// Claims whose entry on a page is missing, states something else, or is headed by another title.
fn disagreeing(page: &str) -> Vec<&'static str> {
    let states = |id: &&'static str| {
        let anchor = format!("<a id=\"{}\"></a>", id.to_lowercase());
        let entry = page.split_once(&anchor).map(|(_, after)| after.split("<a id=").next().unwrap_or(after));
        let line = |start: &str| entry?.lines().find_map(|line| line.strip_prefix(start));
        let (quoted, heading) = (line("> "), line(&format!("### {id}. ")));
        // A heading begins with a capital.
        let same = |heading: &str, title: &str| heading.to_lowercase() == title.to_lowercase();
        quoted.is_some()
            && quoted == claim_statement(id)
            && heading.zip(claim_title(id)).is_some_and(|(heading, title)| same(heading, title))
    };
    claim_ids().into_iter().filter(|id| !states(id)).collect()
}

#[test]
fn every_claim_has_its_entry_and_states_what_the_code_states() {
    let page = read("docs/theory.md");
    assert_eq!(disagreeing(&page), Vec::<&str>::new());
    // Controls: a word changed, an entry taken away.
    let changed = page.replace("> Softmax: for every class,", "> Softmax: for some class,");
    assert_eq!(disagreeing(&changed), ["B5"]);
    assert_eq!(disagreeing(&page.replace("<a id=\"w2\">", "<a id=\"w\">")), ["W2"]);
    assert_eq!(disagreeing(&page.replace("### A3. Dilution", "### A3. Delusion")), ["A3"]);
}

/// The number of claims that follow from others, on the pages that say it.
#[test]
fn pages_say_how_many_claims_are_independent() {
    let ids = claim_ids();
    let derived: Vec<&str> = ids.iter().copied().filter(|id| !claim_follows_from(id).is_empty()).collect();
    let (total, independent) = (ids.len(), ids.len() - derived.len());
    let page = read("docs/theory.md");
    let (_, section) = page.split_once("<a id=\"follows\"></a>").expect("the section");
    let section = section.split("<a id=").next().unwrap_or(section);
    assert!(section.contains(&format!("{independent} of the {total} claims are independent")), "{section}");
    // The section names the claims about networks as a range.
    let named = |id: &str| section.contains(id) || id.starts_with('N') && section.contains("N1 to N4");
    assert_eq!(derived.into_iter().filter(|id| !named(id)).collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(read("README.md").contains(&format!("{independent} of its {total} claims are independent")));
}

#[test]
fn every_place_cited_is_there() {
    let page = read("docs/theory.md");
    let texts: Vec<(PathBuf, String)> =
        citing_files().into_iter().map(|path| (path.clone(), read(path))).collect();
    let given = || texts.iter().map(|(path, text)| (path.as_path(), text.as_str()));
    assert!(given().map(|(_, text)| cited(text).len()).sum::<usize>() > 40);
    // This file cites what is not there, to see that it is found.
    let own = Path::new("src/theory_page.rs");
    assert_eq!(dangling(&page, given().filter(|(path, _)| *path != own)), Vec::<String>::new());
    let control = [
        (Path::new("a.md"), "theory.md#b5 and #x9; B5 and W9"),
        (Path::new("a.rs"), "/// R0, see THEORY\nlet b9 = A0;"),
    ];
    let expected = [
        "a.md: theory.md#x9",
        "a.md: theory.md#w9",
        "a.rs: theory.md#r0",
        "a.rs: THEORY, which is docs/theory.md",
    ];
    assert_eq!(dangling(&page, control), expected);
    // Links within the page.
    let within = page.split("](#").skip(1).filter_map(|rest| rest.split(')').next());
    let known = anchors(&page);
    assert_eq!(within.filter(|place| !known.contains(place)).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn lists_of_places_are_read_to_their_end() {
    assert_eq!(
        cited("see docs/theory.md#b5, #x9 and #r1 to #r4, or theory.md#x9."),
        ["b5", "x9", "r1", "r4", "x9"]
    );
    assert_eq!(cited("no place"), Vec::<&str>::new());
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let missing = |page: &str| -> Vec<String> {
        // Of a command only the program is looked for, and a pattern is no file.
        let quoted = page.split('`').skip(1).step_by(2).filter_map(|name| name.split_whitespace().next());
        let rooms = ["src/", "crates/", "tests/", "analyses/", "docs/", "figures/"];
        let names =
            quoted.filter(|name| rooms.iter().any(|room| name.starts_with(room)) && !name.contains('*'));
        let absent = |name: &&str| !Path::new(env!("CARGO_MANIFEST_DIR")).join(name).exists();
        names.filter(absent).map(str::to_owned).collect()
    };
    let is_page = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "md");
    for page in citing_files().into_iter().filter(is_page) {
        assert_eq!(missing(&read(&page)), Vec::<String>::new(), "{}", page.display());
    }
    let page =
        read("docs/theory.md").replace("crates/core/src/claims/laws.rs", "crates/core/src/claims/lows.rs");
    assert_eq!(missing(&page), ["crates/core/src/claims/lows.rs"; 12]);
}
