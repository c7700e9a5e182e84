//! Sentences about columns that others determine.

use crate::numeric::significant;

/// Numbers that take more characters are rounded to six digits.
const LONGEST_NUMBER: usize = 8;
/// More terms than this are counted rather than written out.
const MAX_TERMS: usize = 8;

/// `own = sum of terms + constant` with every sign made a plus: `female + male = 1`, `total = a + b`,
/// `inch = 0.3937 cm to 4 digits`.
pub(super) fn sentence(
    own: usize,
    terms: &[(usize, f64)],
    constant: f64,
    digits: Option<f64>,
    names: &[String],
) -> String {
    let number = |value: f64| {
        let short = value.to_string();
        if short.len() <= LONGEST_NUMBER { short } else { significant(value, 6) }
    };
    if terms.is_empty() {
        return format!("{} is constant, {}", names[own], number(constant));
    }
    let to = digits.map_or_else(String::new, |digits| format!(" to {:.0} digits", digits.floor()));
    if terms.len() > MAX_TERMS && terms.iter().any(|term| term.1 != -1.0) {
        return format!("{} is a combination of {} other columns{to}", names[own], terms.len());
    }
    let written = |(column, coefficient): &(usize, f64)| {
        let size = coefficient.abs();
        if size == 1.0 { names[*column].clone() } else { format!("{} {}", number(size), names[*column]) }
    };
    let mut left: Vec<(usize, f64)> = terms.iter().filter(|term| term.1 < 0.0).copied().collect();
    left.push((own, 1.0));
    left.sort_by_key(|term| term.0);
    let mut right: Vec<String> = terms.iter().filter(|term| term.1 > 0.0).map(written).collect();
    let mut left: Vec<String> = left.iter().map(written).collect();
    if constant > 0.0 {
        right.push(number(constant));
    } else if constant < 0.0 {
        left.push(number(-constant));
    }
    if right.is_empty() {
        right.push("0".to_owned());
    }
    if left.len() > MAX_TERMS {
        let (first, last) = (&left[0], &left[left.len() - 1]);
        return format!("{first} + .. + {last} = {} ({} columns){to}", right.join(" + "), left.len());
    }
    format!("{} = {}{to}", left.join(" + "), right.join(" + "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_sorted_to_the_sides_where_they_are_plus() {
        let names: Vec<String> = ["a", "b", "total", "male"].iter().map(ToString::to_string).collect();
        let say =
            |own, terms: &[(usize, f64)], constant, digits| sentence(own, terms, constant, digits, &names);
        assert_eq!(say(2, &[(0, 1.0), (1, 1.0)], 0.0, None), "total = a + b");
        assert_eq!(say(3, &[(0, -1.0)], 1.0, None), "a + male = 1");
        assert_eq!(say(1, &[(0, 0.3937)], 0.0, Some(4.0)), "b = 0.3937 a to 4 digits");
        assert_eq!(say(1, &[(0, -2.0)], -3.0, None), "2 a + b + 3 = 0");
        assert_eq!(say(1, &[], 7.0, None), "b is constant, 7");
    }
}
