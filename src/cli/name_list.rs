//! Lists of names in options: separated by commas, between quotation marks where a name holds one.

use std::str::FromStr;

/// Names as a CSV line has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NameList(pub(super) Vec<String>);

impl FromStr for NameList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut names = vec![String::new()];
        let mut letters = text.chars().peekable();
        let mut quoted = false;
        while let Some(letter) = letters.next() {
            let is_empty = names.last().is_none_or(|name| name.trim().is_empty());
            match letter {
                '"' if quoted && letters.peek() == Some(&'"') => {
                    letters.next();
                    push(&mut names, '"');
                }
                '"' if quoted => quoted = false,
                '"' if is_empty => {
                    quoted = true;
                    names.pop();
                    names.push(String::new());
                }
                ',' if !quoted => names.push(String::new()),
                letter => push(&mut names, letter),
            }
        }
        if quoted {
            return Err("a quotation mark is opened but never closed".to_owned());
        }
        Ok(Self(if text.is_empty() { Vec::new() } else { names }))
    }
}

fn push(names: &mut [String], letter: char) {
    if let Some(name) = names.last_mut() {
        name.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_commas_between_quotation_marks() {
        let names = |text: &str| text.parse::<NameList>().map(|list| list.0);
        assert_eq!(names("a,b c"), Ok(vec!["a".to_owned(), "b c".to_owned()]));
        assert_eq!(names("\"a, b\",c"), Ok(vec!["a, b".to_owned(), "c".to_owned()]));
        assert_eq!(names("\"say \"\"a\"\"\",5\""), Ok(vec!["say \"a\"".to_owned(), "5\"".to_owned()]));
        assert_eq!(names(""), Ok(Vec::new()));
        assert!(names("\"a").is_err());
    }
}
