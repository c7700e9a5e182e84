//! What lies beside the page as one file, so that a device can keep it for when there is no network: a service worker, and what
//! describes the page as a program that can be installed.

use super::bundle::digest;

const WORKER: &str = include_str!("page/site/sw.js");
/// Where the service worker names what it keeps.
const DIGEST: &str = "{digest}";

/// Names and contents of the files beside a page. A changed page has another service worker, which takes the place of the
/// one before.
#[must_use]
pub fn offline_files(page: &str) -> [(&'static str, String); 3] {
    [
        ("sw.js", WORKER.replace(DIGEST, &digest(page))),
        ("manifest.webmanifest", include_str!("page/site/manifest.webmanifest").to_owned()),
        ("icon.svg", include_str!("page/site/icon.svg").to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_page_has_another_service_worker_that_keeps_files_there_are() {
        let [(_, one), ..] = offline_files("one");
        let files = offline_files("other");
        assert_ne!(one, files[0].1);
        assert!(!one.contains(DIGEST));
        let needed = one.split("NEEDED = [PAGE, ").nth(1).and_then(|rest| rest.split(']').next());
        for name in needed.expect("a list").split(", ").map(|name| name.trim_matches('\'')) {
            assert!(files.iter().any(|(file, _)| *file == name), "{name}");
        }
        let manifest: serde_json::Value = serde_json::from_str(&files[1].1).expect("JSON");
        assert_eq!(manifest["icons"][0]["src"], files[2].0);
    }
}
