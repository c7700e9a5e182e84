//! The same drawing in fewer bytes: marks that follow each other and look alike say once how they look.

use std::fmt::Write;

/// Attributes that say where an element is; all others say how it looks.
const PLACES: [&str; 4] = ["cx", "cy", "r", "points"];
/// So many elements are worth a group.
const WORTH_A_GROUP: usize = 3;

/// An element of one line, `<circle cx="1" cy="2" r="3" opacity="0.7" fill="#000000"/>`.
#[derive(Debug, Clone, PartialEq)]
struct Element<'a> {
    tag: &'a str,
    /// What is written within a group.
    place: String,
    /// What the group says.
    look: String,
}

/// The body of a drawing, one element a line, with runs of circles, lines and areas of one look in groups.
pub(super) fn compact(body: &str) -> String {
    let lines: Vec<(&str, Option<Element>)> = body.lines().map(|line| (line, element(line))).collect();
    let mut text = String::with_capacity(body.len());
    let alike = |a: &(&str, Option<Element>), b: &(&str, Option<Element>)| match (&a.1, &b.1) {
        (Some(a), Some(b)) => a.tag == b.tag && a.look == b.look,
        _ => false,
    };
    for run in lines.chunk_by(alike) {
        let elements: Vec<&Element> = run.iter().filter_map(|(_, element)| element.as_ref()).collect();
        match elements.first() {
            Some(first) if elements.len() >= WORTH_A_GROUP => {
                let _ = writeln!(text, "<g{}>", first.look);
                for Element { tag, place, .. } in &elements {
                    let _ = writeln!(text, "<{tag}{place}/>");
                }
                text.push_str("</g>\n");
            }
            Some(_) => elements.iter().for_each(|Element { tag, place, look }| {
                let _ = writeln!(text, "<{tag}{place}{look}/>");
            }),
            None => run.iter().for_each(|(line, _)| {
                let _ = writeln!(text, "{line}");
            }),
        }
    }
    text
}

/// A line that is one closed circle, line or area; `None` for any other.
fn element(line: &str) -> Option<Element<'_>> {
    let inner = line.strip_prefix('<')?.strip_suffix("/>")?;
    let (tag, mut rest) = inner.split_once(' ')?;
    if !["circle", "polyline", "polygon"].contains(&tag) {
        return None;
    }
    let (mut place, mut look) = (String::new(), String::new());
    let mut opacity = None;
    while let Some((name, after)) = rest.trim_start().split_once("=\"") {
        let (value, after) = after.split_once('"')?;
        rest = after;
        let target = if PLACES.contains(&name) { &mut place } else { &mut look };
        match (name, value) {
            // What every element is anyway.
            ("opacity", "1") | ("stroke", "none") => {}
            ("stroke-width", "1") if line.contains("stroke=\"none\"") => {}
            // A group's opacity would be that of all its elements together.
            ("opacity", value) => opacity = Some(value),
            _ => {
                let _ = write!(target, " {name}=\"{}\"", value.trim_end());
            }
        }
    }
    if let Some(opacity) = opacity {
        let of = if line.contains("fill=\"none\"") { "stroke" } else { "fill" };
        let _ = write!(look, " {of}-opacity=\"{opacity}\"");
    }
    rest.trim().is_empty().then_some(Element { tag, place, look })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_look_alike_share_a_group() {
        let circle = |x: u32, fill: &str| {
            format!(
                "<circle cx=\"{x}\" cy=\"2\" r=\"13\" opacity=\"0.7\" fill=\"{fill}\" stroke=\"none\" stroke-width=\"1\"/>\n"
            )
        };
        let body: String = (0..3).map(|x| circle(x, "#0072B2")).collect::<String>() + &circle(9, "#009E73");
        let expected = "<g fill=\"#0072B2\" fill-opacity=\"0.7\">\n<circle cx=\"0\" cy=\"2\" r=\"13\"/>\n<circle cx=\"1\" cy=\"2\" r=\"13\"/>\n\
                        <circle cx=\"2\" cy=\"2\" r=\"13\"/>\n</g>\n<circle cx=\"9\" cy=\"2\" r=\"13\" fill=\"#009E73\" fill-opacity=\"0.7\"/>\n";
        assert_eq!(compact(&body), expected);
    }

    #[test]
    fn what_is_no_mark_stays_as_it_is() {
        let body = "<text x=\"1\" opacity=\"1\">\n<circle\n</text>\n</svg>\n";
        assert_eq!(compact(body), body);
        let line = "<polyline fill=\"none\" opacity=\"0.5\" stroke=\"#1A1A1A\" stroke-width=\"1\" points=\"1,2 3,4 \"/>\n";
        let expected = "<polyline points=\"1,2 3,4\" fill=\"none\" stroke=\"#1A1A1A\" stroke-width=\"1\" stroke-opacity=\"0.5\"/>\n";
        assert_eq!(compact(line), expected);
    }
}
