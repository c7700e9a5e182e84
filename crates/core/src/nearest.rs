//! The name a mistyped one was probably meant to be.

/// Names longer than this are not compared; nobody types them.
const LONGEST: usize = 100;

/// The candidate fewest edits away from `name` (capitals aside), the earlier on a tie; `None` when none is close.
///
/// Close means within one edit (an inserted, deleted or replaced letter) for two to four letters, and one more for
/// every three letters beyond.
#[must_use]
pub fn nearest<'a, Name: AsRef<str>>(name: &str, candidates: &'a [Name]) -> Option<&'a str> {
    let name = letters(name);
    let allowed = (name.len() + 1) / 3;
    candidates
        .iter()
        .map(AsRef::as_ref)
        .filter(|candidate| !candidate.is_empty())
        .map(|candidate| (candidate, letters(candidate)))
        .filter(|(_, letters)| letters.len().abs_diff(name.len()) <= allowed && letters.len() <= LONGEST)
        .map(|(candidate, letters)| (edits(&name, &letters), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

fn letters(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Levenshtein distance, one row of its table at a time.
fn edits(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (deleted, letter) in from.iter().enumerate() {
        let mut diagonal = deleted;
        row[0] = deleted + 1;
        for (column, target) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != target);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(from: &str, to: &str) -> usize {
        edits(&letters(from), &letters(to))
    }

    #[test]
    fn edits_count_insertions_deletions_and_replacements() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("label", "label"), 0);
        assert_eq!(distance("lable", "label"), 2);
    }

    #[test]
    fn only_close_names_are_suggested() {
        let names = ["age", "label", "Income", ""].map(String::from);
        assert_eq!(nearest("lable", &names), Some("label"));
        assert_eq!(nearest("LABEL", &names), Some("label"));
        assert_eq!(nearest("incme", &names), Some("Income"));
        assert_eq!(nearest("agee", &names), Some("age"));
        assert_eq!(nearest("target", &names), None);
        assert_eq!(nearest("", &names), None);
        // One letter says too little to guess from, unless it only differs in case.
        assert_eq!(nearest("y", &["x".to_owned()]), None);
        assert_eq!(nearest("y", &["Y".to_owned()]), Some("Y"));
    }
}
