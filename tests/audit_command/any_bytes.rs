//! Files that are nearly files are audited or refused; the corpus holds what once made a reader panic.

#[path = "../fuzz/mutation.rs"]
mod mutation;

use super::files::Folder;
use equipoise::audit::{AuditInput, ReadOptions};
use equipoise::data::random::stream;
use mutation::mutated;

fn corpus() -> Vec<(String, Vec<u8>)> {
    let directory = format!("{}/tests/fuzz/corpus", env!("CARGO_MANIFEST_DIR"));
    let entries =
        std::fs::read_dir(directory).expect("a corpus").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> =
        entries.map(|path| (path.display().to_string(), std::fs::read(&path).expect("a file"))).collect();
    files.sort();
    files
}

#[test]
fn every_file_of_the_corpus_is_audited_or_refused_in_one_line() {
    let folder = Folder::new();
    let mut audited = 0;
    for (name, _) in corpus() {
        let output = folder.command(&[&name]).output().expect("run");
        let complaint = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => audited += 1,
            code => assert!(code == Some(2) && complaint.lines().count() == 1, "{name}: {complaint}"),
        }
    }
    assert!(audited >= 7, "{audited} of the seeds are sound");
}

/// The example `fuzz` does the same with ten million inputs; this test keeps what it found from coming back.
#[test]
fn changed_files_are_read_or_refused() {
    let seeds: Vec<Vec<u8>> = corpus().into_iter().map(|(_, bytes)| bytes).collect();
    let read = |input: u64| {
        let bytes = mutated(&seeds, &mut stream(20, input));
        AuditInput::of_bytes(bytes, "input", &ReadOptions::default()).is_ok()
    };
    let read = (0..20_000).filter(|&input| read(input)).count();
    assert!((100..19_900).contains(&read), "{read} of 20,000");
}
