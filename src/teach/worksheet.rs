//! The exercises of `docs/teaching.md`, and of its translations, as two HTML pages each beside the page as one file: for students,
//! with answers and proofs folded away, and for their instructor, with everything in view.
//!
//! The documents are ours, so a little of Markdown is all that is read: headings, paragraphs, bold, italics, code and links. In a
//! paragraph that begins with **Look.** what is bold is an answer; what begins with **Prove.** ends the exercise.

use super::bundle::digest;

/// Where the links of the documents lead: to the page that is served.
const SERVED: &str = "http://127.0.0.1:8309/";

/// The exercises in one language. A further one is a document of its own and a row of [`LANGUAGES`].
struct Language {
    code: &'static str,
    document: &'static str,
    /// How the paragraph begins with which the exercises do; what is before it is about the program that serves the page, and its
    /// links are not those here.
    begin: &'static str,
    /// What stands between the lines of a paragraph.
    between_lines: &'static str,
    /// How a paragraph begins whose bold text is answers.
    look: &'static str,
    /// How a proof begins.
    prove: &'static str,
    title: &'static str,
    title_with_answers: &'static str,
    /// What the two pages are called, for students and their instructor.
    files: [&'static str; 2],
    /// Names of the language, and of the page that the exercises are about.
    name: &'static str,
    page: &'static str,
    /// What unfolds the answers.
    answers: &'static str,
    /// What unfolds a proof.
    proof: &'static str,
}

const LANGUAGES: [Language; 2] = [
    Language {
        code: "en",
        document: include_str!("../../docs/teaching.md"),
        begin: "In each exercise",
        between_lines: " ",
        look: "**Look.** ",
        prove: "**Prove.** ",
        title: "Exercises",
        title_with_answers: "Exercises, with answers",
        files: ["exercises.html", "instructor.html"],
        name: "English",
        page: "What losses settle to",
        answers: "Answers",
        proof: "Proof",
    },
    Language {
        code: "zh",
        document: include_str!("../../docs/teaching.zh.md"),
        begin: "每个练习",
        between_lines: "",
        look: "**观察。** ",
        prove: "**证明。** ",
        title: "练习",
        title_with_answers: "练习与答案",
        files: ["exercises.zh.html", "instructor.zh.html"],
        name: "中文",
        page: "损失最终停在哪里",
        answers: "答案",
        proof: "证明",
    },
];

/// Whom a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// Answers and proofs are folded away.
    Student,
    /// Everything is in view.
    Instructor,
}

/// Names and texts of the pages of exercises, in every language and for either reader; links lead to `page`, a file beside them.
#[must_use]
pub fn worksheets(page: &str) -> Vec<(&'static str, String)> {
    let readers = [Reader::Student, Reader::Instructor];
    let of = |language: &'static Language| {
        readers.map(|reader| (language.files[reader as usize], language.worksheet(reader, page)))
    };
    LANGUAGES.iter().flat_map(of).collect()
}

impl Language {
    fn worksheet(&self, reader: Reader, page: &str) -> String {
        let mut blocks =
            self.document.split("\n\n").map(|block| block.trim().replace('\n', self.between_lines));
        let heading = blocks.next().unwrap_or_default();
        let exercises =
            blocks.skip_while(|block| !block.starts_with(self.begin)).filter(|block| !block.is_empty());
        let heading = self.block(&heading, reader);
        let exercises: String = exercises.map(|block| self.block(&block, reader)).collect();
        let body = format!("{}{heading}{exercises}", self.links(reader, page));
        let title = match reader {
            Reader::Student => self.title,
            Reader::Instructor => self.title_with_answers,
        };
        let body = body.replace(&format!("href=\"{SERVED}"), &format!("href=\"{page}"));
        format!(
            "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; img-src data:; \
             base-uri 'none'; form-action 'none'\">\n<title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
            self.code,
            digest(STYLE)
        )
    }

    /// To the page itself, and to the same exercises in the other languages.
    fn links(&self, reader: Reader, page: &str) -> String {
        let to_page = format!("<a href=\"{page}#two-classes?lang={}\">{}</a>", self.code, self.page);
        let others = LANGUAGES.iter().filter(|other| other.code != self.code).map(|other| {
            let file = other.files[reader as usize];
            format!(" · <a href=\"{file}\" lang=\"{}\">{}</a>", other.code, other.name)
        });
        format!("<p>{to_page}{}</p>\n", others.collect::<String>())
    }

    fn block(&self, block: &str, reader: Reader) -> String {
        if let Some(heading) = block.strip_prefix("## ") {
            return format!("<h2>{}</h2>\n", inline(heading, Bold::Shown).0);
        }
        if let Some(heading) = block.strip_prefix("# ") {
            return format!("<h1>{}</h1>\n", inline(heading, Bold::Shown).0);
        }
        let fold = if reader == Reader::Student { "" } else { " open" };
        if let Some(proof) = block.strip_prefix(self.prove) {
            let proof = inline(proof, Bold::Shown).0;
            return format!("<details{fold}><summary>{}</summary><p>{proof}</p></details>\n", self.proof);
        }
        match (block.strip_prefix(self.look), reader) {
            (Some(look), Reader::Student) => {
                let (begin, (look, answers)) = (inline(self.look, Bold::Shown).0, inline(look, Bold::Blank));
                format!(
                    "<p>{begin}{look}</p>\n<details><summary>{}</summary><p>{}</p></details>\n",
                    self.answers,
                    answers.join("; ")
                )
            }
            _ => format!("<p>{}</p>\n", inline(block, Bold::Shown).0),
        }
    }
}

const STYLE: &str = "body { max-width: 46rem; margin: 0 auto; padding: 1rem; font: 1rem/1.55 system-ui, \"DejaVu Sans\", sans-serif; } \
    h2 { margin-top: 2rem; } details { margin: 0.4rem 0 1rem; } summary { cursor: pointer; } \
    .formula { font-family: \"DejaVu Serif\", Georgia, serif; white-space: nowrap; } sub { line-height: 0; } \
    .blank { display: inline-block; min-width: 4em; border-bottom: 1px solid; } \
    @media print { details:not([open]) { display: none; } }";

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
            html += &if is_formula(inside) {
                formula(inside)
            } else {
                format!("<code>{}</code>", escaped(inside))
            };
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

/// Whether what stands as code is a formula: a symbol, or something with an index or a letter that no code has.
fn is_formula(text: &str) -> bool {
    let has_sign = text.contains(" = ") || text.contains(" - ");
    text.chars().count() <= 2 || text.contains(['_', '[']) || has_sign || !text.is_ascii()
}

/// A formula, its indices lowered: `u_k`, `Σ_{j≠k}`.
fn formula(text: &str) -> String {
    let mut parts = text.split('_');
    let mut html = slanted(parts.next().unwrap_or_default());
    for part in parts {
        let (index, rest) = match part.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            Some(found) => found,
            None => part.split_at(part.find(|c: char| !c.is_alphanumeric()).unwrap_or(part.len())),
        };
        html += &format!("<sub>{}</sub>{}", slanted(index), slanted(rest));
    }
    format!("<span class=\"formula\">{}</span>", html.replace(" - ", " − "))
}

/// Letters of a formula are slanted; digits, signs, brackets and words such as `log` stand upright.
fn slanted(text: &str) -> String {
    let is_letter = |c: char| (c.is_alphabetic() && c != 'Σ') || ('\u{300}'..='\u{36f}').contains(&c);
    let (mut html, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let letters = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(letters.max(first.len_utf8()));
        let is_word = run.len() > 1 && run.is_ascii();
        html += &if letters > 0 && !is_word { format!("<i>{run}</i>") } else { escaped(run) };
        rest = behind;
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_find_no_answer_before_they_unfold_it_and_instructors_find_all() {
        for language in &LANGUAGES {
            let [student, instructor] =
                [Reader::Student, Reader::Instructor].map(|reader| language.worksheet(reader, "index.html"));
            let exercises = language.document.matches("\n## ").count();
            let proofs = format!("<summary>{}</summary>", language.proof);
            for page in [&student, &instructor] {
                assert!(!page.contains("--port"), "nothing about the program that serves the page");
                assert!(!page.contains("<p></p>"), "every exercise has answers");
                for other in LANGUAGES.iter().filter(|other| other.code != language.code) {
                    assert!(page.contains(&format!("lang=\"{}\">{}</a>", other.code, other.name)));
                }
                assert!(page.contains(&format!("style-src 'sha256-{}'", digest(STYLE))));
                assert_eq!(page.matches("<h2>").count(), exercises);
                assert_eq!(page.matches(&proofs).count(), exercises);
                assert!(
                    page.contains("href=\"index.html#two-classes") && !page.contains("127.0.0.1:8309/#"),
                    "links"
                );
            }
            assert_eq!(instructor.matches("<details>").count(), 0, "nothing is folded away");
            let unfolded: String = student
                .split("<details>")
                .map(|part| part.split_once("</details>").map_or(part, |(_, behind)| behind))
                .collect();
            let look = language.document.split(language.look).skip(1);
            let look = look.map(|look| look.split(language.prove).next().expect("a part"));
            for answer in look.flat_map(|look| look.split("**").skip(1).step_by(2)) {
                assert!(!unfolded.contains(&format!("<strong>{answer}</strong>")), "{answer}");
                assert!(instructor.contains(&format!("<strong>{answer}</strong>")), "{answer}");
            }
        }
    }

    /// Links, and numbers that they show.
    fn links_and_numbers(language: &Language) -> (Vec<String>, Vec<&'static str>) {
        let links = language.document.split(SERVED).skip(1).filter_map(|link| link.split(')').next());
        let links = links.filter(|link| link.starts_with('#')).map(|link| {
            let own = format!("lang={}", language.code);
            assert_eq!(link.contains(&own), language.code != "en", "{link} opens the page in its language");
            link.replace(&format!("?{own}&"), "?").replace(&format!("?{own}"), "")
        });
        let bold = language.document.split("**").skip(1).step_by(2);
        (links.collect(), bold.filter(|bold| bold.contains(|digit: char| digit.is_ascii_digit())).collect())
    }

    #[test]
    fn translations_have_the_links_and_the_numbers_of_the_first_language() {
        let [first, others @ ..] = &LANGUAGES;
        for other in others {
            assert_eq!(links_and_numbers(other), links_and_numbers(first), "{}", other.code);
        }
    }

    #[test]
    fn markdown_is_read_as_far_as_it_is_used() {
        let (html, blanks) = inline(
            "`a<b`: *it* is **0.5**, see [`u_k - Σ_{j≠k} u_j`](x#y?z=1&w=2) P[c][k] 2 * 3",
            Bold::Blank,
        );
        assert_eq!(
            html,
            "<code>a&lt;b</code>: <em>it</em> is <span class=\"blank\">&nbsp;</span>, see \
             <a href=\"x#y?z=1&amp;w=2\"><span class=\"formula\"><i>u</i><sub><i>k</i></sub> − Σ<sub><i>j</i>≠<i>k</i></sub> <i>u</i><sub><i>j</i></sub></span></a> P[c][k] 2 * 3"
        );
        assert_eq!(inline("`log(K - 1)`", Bold::Shown).0, "<span class=\"formula\">log(<i>K</i> − 1)</span>");
        assert_eq!(blanks, ["0.5"]);
    }
}
