//! Characters that are no text: controls, and those that turn the direction of what follows. They could command a terminal,
//! break a picture, or show a name as another.

use std::borrow::Cow;

/// The same text with every setting by what `called` names it. Texts of the library have settings between backquotes, by the names of
/// their fields: `` `drop` ``. A program names what a user of it writes.
#[must_use]
pub fn with_settings(text: &str, called: impl Fn(&str) -> Option<String>) -> Cow<'_, str> {
    let mut pieces = text.split('`');
    let (first, mut found) = (pieces.next().unwrap_or_default(), String::new());
    let mut before = first;
    while let Some(name) = pieces.next() {
        let known = called(name).zip(pieces.clone().next());
        found.push_str(before);
        if let Some((called, after)) = known {
            found.push_str(&called);
            pieces.next();
            before = after;
        } else {
            found.push('`');
            before = name;
        }
    }
    if before.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(found + before) }
}

/// Whether a character has no place in a name, heading or path that is shown.
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Marks, embeddings, overrides and isolates of direction, and those of shape that nobody uses any more.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Line and paragraph separators, annotations, and what is no character.
            | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
            // Invisible tags.
            | '\u{e0000}'..='\u{e007f}'
        )
}

/// Whether a character is no text at all. Text of several lines has line breaks and tabulators.
#[must_use]
pub fn is_no_text(character: char) -> bool {
    is_unprintable(character) && !matches!(character, '\n' | '\t')
}

/// A text of so many letters at most: of a longer one both ends, since names of one kind begin alike and differ in the end.
#[must_use]
pub fn both_ends(text: &str, most: usize) -> Cow<'_, str> {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return Cow::Borrowed(text);
    }
    let last = (most - 1) / 2;
    let first = most - 1 - last;
    let ends = [&letters[..first], &['…'], &letters[letters.len() - last..]];
    Cow::Owned(ends.concat().into_iter().collect())
}

/// The same text with every such character written out, as in `\u{202e}`: names stay different that are different.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(is_no_text) {
        return Cow::Borrowed(text);
    }
    let written_out = |character: char| match character {
        _ if is_no_text(character) => character.escape_unicode().to_string(),
        _ => character.to_string(),
    };
    Cow::Owned(text.chars().map(written_out).collect())
}

/// The same of every name.
#[must_use]
pub fn cleaned(names: Vec<String>) -> Vec<String> {
    let is_clean = |name: &String| matches!(clean(name), Cow::Borrowed(_));
    if names.iter().all(is_clean) {
        names
    } else {
        names.iter().map(|name| clean(name).into_owned()).collect()
    }
}

/// The same with a space in the place of each: always one line, and no longer than before.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(|character| if is_unprintable(character) { ' ' } else { character }).collect()
}

/// The same text with numbers of very many digits in scientific form: a double may have 309 before the point, or 323 zeros behind it.
#[must_use]
pub fn with_short_numbers(text: &str) -> Cow<'_, str> {
    const MAX_DIGITS: usize = 32;
    let belongs = |character: char| character.is_ascii_digit() || character == '.';
    let is_long = |run: &str| run.len() > MAX_DIGITS;
    if !text.split(|character| !belongs(character)).any(is_long) {
        return Cow::Borrowed(text);
    }
    let mut shortened = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(length);
        match run.parse::<f64>() {
            Ok(number) if is_long(run) && number.is_finite() => shortened.push_str(&format!("{number:e}")),
            _ if is_long(run) => shortened.extend([&run[..MAX_DIGITS], "..."]),
            _ => shortened.push_str(run),
        }
        let other = behind.find(belongs).unwrap_or(behind.len());
        shortened.push_str(&behind[..other]);
        rest = &behind[other..];
    }
    Cow::Owned(shortened)
}

/// Text on one line for Markdown, in which nothing is markup, HTML or a link.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' => escaped.extend(['\\', character]),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_called_what_a_program_calls_them() {
        let called =
            |name: &str| ["drop", "one_hot"].contains(&name).then(|| format!("--{}", name.replace('_', "-")));
        for (text, found) in [
            (
                "leave it out with `drop` x, or give `one_hot`",
                "leave it out with --drop x, or give --one-hot",
            ),
            ("`drop`", "--drop"),
            ("no setting", "no setting"),
            ("`other` and `drop` x", "`other` and --drop x"),
            ("a ` alone, `drop", "a ` alone, `drop"),
            ("`drop``one_hot`", "--drop--one-hot"),
            ("``drop``", "`--drop`"),
        ] {
            assert_eq!(with_settings(text, called), found, "{text}");
        }
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(both_ends("species", 7), "species");
        assert_eq!(both_ends("species number 10", 10), "speci…r 10");
        assert_eq!(both_ends("äöüäöüäöü", 4), "äö…ü");
    }

    #[test]
    fn what_is_no_text_is_written_out_or_left_blank() {
        assert_eq!(clean("a\u{1b}[2J\u{202e}b"), "a\\u{1b}[2J\\u{202e}b");
        assert_eq!(one_line("a\nb\u{1b}[2J\u{9b}\u{2066}c"), "a b [2J  c");
        assert_eq!(with_short_numbers(&format!("l2 {} λ-{:.330}, 7", 1e308, 5e-324)), "l2 1e308 λ-5e-324, 7");
        assert_eq!(with_short_numbers(&"9".repeat(400)), format!("{}...", "9".repeat(32)));
        assert!(matches!(with_short_numbers("x1.5 2026-11-29 12345678901234567890"), Cow::Borrowed(_)));
        assert_eq!(cleaned(vec!["a".to_owned(), "b\r\n".to_owned()]), ["a", "b\\u{d}\n"]);
        assert_eq!(
            markdown("<img src=x> & [a](b) `c` | *d* \\ e_f\ng"),
            "&lt;img src=x&gt; &amp; \\[a\\](b) \\`c\\` \\| \\*d\\* \\\\ e_f g"
        );
        for plain in ["Löwe", "日本語", "שלום", "λ = 0.1", "👩‍🔬", "a b"] {
            assert!(matches!(clean(plain), Cow::Borrowed(same) if same == plain));
            assert_eq!(one_line(plain), plain);
        }
    }
}
