//! The exercises of `docs/teaching.md` as two HTML pages beside the page as one file: for students, with answers and proofs folded
//! away, and for their instructor, with everything in view.
//!
//! The document is ours, so a little of Markdown is all that is read: headings, paragraphs, bold, italics, code and links. In a
//! paragraph that begins with **Look.** what is bold is an answer; what begins with **Prove.** ends the exercise.

use super::bundle::digest;

/// The document.
const EXERCISES: &str = include_str!("../../docs/teaching.md");
/// Where the exercises begin; what is before them is about the program that serves the page, and its links are not those here.
const BEGIN: &str = "In each exercise";
/// Where its links lead: to the page that is served.
const SERVED: &str = "http://127.0.0.1:8309/";

/// Whom a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Answers and proofs are folded away.
    Student,
    /// Everything is in view.
    Instructor,
}

/// The exercises for a reader; links lead to `page`, a file beside it.
#[must_use]
pub fn worksheet(reader: Reader, page: &str) -> String {
    let mut blocks = EXERCISES.split("\n\n").map(|block| block.trim().replace('\n', " "));
    let heading = blocks.next().unwrap_or_default();
    let exercises = blocks.skip_while(|block| !block.starts_with(BEGIN)).filter(|block| !block.is_empty());
    let body: String =
        std::iter::once(heading).chain(exercises).map(|block| self::block(&block, reader)).collect();
    let title = match reader {
        Reader::Student => "Exercises",
        Reader::Instructor => "Exercises, with answers",
    };
    let body = body.replace(&format!("href=\"{SERVED}"), &format!("href=\"{page}"));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; img-src data:; \
         base-uri 'none'; form-action 'none'\">\n<title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        digest(STYLE)
    )
}

const STYLE: &str = "body { max-width: 46rem; margin: 0 auto; padding: 1rem; font: 1rem/1.55 system-ui, \"DejaVu Sans\", sans-serif; } \
    h2 { margin-top: 2rem; } details { margin: 0.4rem 0 1rem; } summary { cursor: pointer; } \
    .blank { display: inline-block; min-width: 4em; border-bottom: 1px solid; } \
    @media print { details:not([open]) { display: none; } }";

fn block(block: &str, reader: Reader) -> String {
    if let Some(heading) = block.strip_prefix("## ") {
        return format!("<h2>{}</h2>\n", inline(heading, Bold::Shown).0);
    }
    if let Some(heading) = block.strip_prefix("# ") {
        return format!("<h1>{}</h1>\n", inline(heading, Bold::Shown).0);
    }
    let fold = if reader == Reader::Student { "" } else { " open" };
    if let Some(proof) = block.strip_prefix("**Prove.** ") {
        let proof = inline(proof, Bold::Shown).0;
        return format!("<details{fold}><summary>Proof</summary><p>{proof}</p></details>\n");
    }
    match (block.strip_prefix("**Look.** "), reader) {
        (Some(look), Reader::Student) => {
            let (look, answers) = inline(look, Bold::Blank);
            format!(
                "<p><strong>Look.</strong> {look}</p>\n<details><summary>Answers</summary><p>{}</p></details>\n",
                answers.join("; ")
            )
        }
        _ => format!("<p>{}</p>\n", inline(block, Bold::Shown).0),
    }
}

/// What becomes of bold text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bold {
    Shown,
    /// Room to write it.
    Blank,
}

/// A paragraph's text, and what was left blank in it.
fn inline(text: &str, bold: Bold) -> (String, Vec<String>) {
    let (mut html, mut blanks, mut rest) = (String::new(), Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let marked = |mark: &str| {
            rest.strip_prefix(mark)
                .and_then(|inside| inside.split_once(mark))
                .filter(|(inside, _)| !inside.is_empty())
        };
        let link = rest.strip_prefix('[').and_then(|inside| {
            let (words, behind) = inside.split_once("](")?;
            let (address, behind) = behind.split_once(')')?;
            Some((words, address, behind)).filter(|(words, ..)| !words.contains('['))
        });
        if let Some((inside, behind)) = marked("`") {
            html += &format!("<code>{}</code>", escaped(inside));
            rest = behind;
        } else if let Some((inside, behind)) = marked("**") {
            if bold == Bold::Blank {
                html += "<span class=\"blank\">&nbsp;</span>";
                blanks.push(escaped(inside));
            } else {
                html += &format!("<strong>{}</strong>", escaped(inside));
            }
            rest = behind;
        } else if let Some((inside, behind)) = marked("*") {
            html += &format!("<em>{}</em>", escaped(inside));
            rest = behind;
        } else if let Some((words, address, behind)) = link {
            html += &format!("<a href=\"{}\">{}</a>", escaped(address), inline(words, Bold::Shown).0);
            rest = behind;
        } else {
            html += &escaped(first.encode_utf8(&mut [0; 4]));
            rest = &rest[first.len_utf8()..];
        }
    }
    (html, blanks)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_find_no_answer_before_they_unfold_it_and_instructors_find_all() {
        let [student, instructor] =
            [Reader::Student, Reader::Instructor].map(|reader| worksheet(reader, "index.html"));
        let exercises = EXERCISES.matches("\n## ").count();
        for page in [&student, &instructor] {
            assert!(!page.contains("--port"), "nothing about the program that serves the page");
            assert!(!page.contains("<p></p>"), "every exercise has answers");
            assert!(page.contains(&format!("style-src 'sha256-{}'", digest(STYLE))));
            assert_eq!(page.matches("<h2>").count(), exercises);
            assert_eq!(page.matches("<summary>Proof</summary>").count(), exercises);
            assert!(
                page.contains("href=\"index.html#two-classes\"") && !page.contains("127.0.0.1:8309/#"),
                "links"
            );
        }
        assert_eq!(instructor.matches("<details>").count(), 0, "nothing is folded away");
        let unfolded: String = student
            .split("<details>")
            .map(|part| part.split_once("</details>").map_or(part, |(_, behind)| behind))
            .collect();
        let answers = EXERCISES
            .split("**Look.**")
            .skip(1)
            .flat_map(|look| look.split("**Prove.**").next().expect("a part").split("**").skip(1).step_by(2));
        for answer in answers {
            assert!(!unfolded.contains(&format!("<strong>{answer}</strong>")), "{answer}");
            assert!(instructor.contains(&format!("<strong>{answer}</strong>")), "{answer}");
        }
    }

    #[test]
    fn markdown_is_read_as_far_as_it_is_used() {
        let (html, blanks) =
            inline("`a<b`: *it* is **0.5**, see [`β = 0`](x#y?z=1&w=2) P[c][k] 2 * 3", Bold::Blank);
        assert_eq!(
            html,
            "<code>a&lt;b</code>: <em>it</em> is <span class=\"blank\">&nbsp;</span>, see \
             <a href=\"x#y?z=1&amp;w=2\"><code>β = 0</code></a> P[c][k] 2 * 3"
        );
        assert_eq!(blanks, ["0.5"]);
    }
}
