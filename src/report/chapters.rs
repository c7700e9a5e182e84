//! The argument in its order: a chapter for each family of claims, and in it every claim with the figures that show it.

use super::markup::{each, escape};
use super::page::section;
use super::{DrawnFigure, Report, ReportError, results, verdicts};
use crate::claims::Verdict;

/// A family of claims.
pub(super) struct Chapter {
    /// The letter its ids begin with.
    family: char,
    title: &'static str,
    introduction: &'static str,
}

static CHAPTERS: [Chapter; 11] = [
    Chapter {
        family: 'B',
        title: "The laws",
        introduction: "Every loss with a free intercept balances something for each class, over the training data and where its gradient \
                       is zero. What it balances depends on the loss, the class sizes and the class weights: not on the features, the \
                       network or the optimiser.",
    },
    Chapter {
        family: 'I',
        title: "What weights leave open",
        introduction: "For two classes the law fixes the ratio of the two mean errors. For three and more, sizes and weights bound the \
                       outflows and do not fix them; the data decide the rest.",
    },
    Chapter {
        family: 'W',
        title: "What one weight does",
        introduction: "How the mean probabilities move when the weight of one class grows, exactly and against expectation.",
    },
    Chapter {
        family: 'A',
        title: "How one-vs-all losses hide a hard class",
        introduction: "The law of a one-vs-all loss (LGL) is about an average over all other classes. A rare class that is hard to tell \
                       from the target disappears in it.",
    },
    Chapter {
        family: 'R',
        title: "The repair: LGL-INR",
        introduction: "LGL-INR takes the mean of each class first and then leans to the hardest one. In its detached form this bounds what the \
                       average hides; in the attached form, the usual default, the bound can be broken.",
    },
    Chapter {
        family: 'M',
        title: "Mini-batches",
        introduction: "The laws are about the loss of the whole sample. What is left of them where each step sees a batch.",
    },
    Chapter {
        family: 'S',
        title: "Separable data",
        introduction: "Where a head can classify every training sample correctly, as over the features of large networks, a class weight \
                       loses its effect as the penalty vanishes.",
    },
    Chapter {
        family: 'T',
        title: "Out of sample",
        introduction: "The laws hold on the training data. How far the balance is off on other data of the same kind, and in which direction.",
    },
    Chapter {
        family: 'N',
        title: "Trained networks",
        introduction: "The last layer of a network is a linear head over the features below it. The laws hold for it once it is solved to \
                       stationarity on these features; as training leaves it, they are off by the gradient.",
    },
    Chapter {
        family: 'C',
        title: "Free features and wrong labels",
        introduction: "Two limits: features that can be anything, and labels that are not all true.",
    },
    Chapter {
        family: 'H',
        title: "Other heads",
        introduction: "Heads without an intercept, and logit adjustment in place of weights.",
    },
];

/// A chapter with what belongs to it.
pub(super) struct Content<'a> {
    chapter: &'static Chapter,
    verdicts: Vec<&'a Verdict>,
    /// With their positions in the report.
    figures: Vec<(usize, &'a DrawnFigure)>,
}

/// The chapters that have something to show, in the order of the argument.
pub(super) fn contents<'a>(report: &Report<'a>) -> Vec<Content<'a>> {
    let content = |chapter: &'static Chapter| {
        let of_chapter = |id: &str| id.starts_with(chapter.family);
        let figures = report.figures.iter().enumerate().filter(|(_, drawn)| family(drawn) == chapter.family);
        Content {
            chapter,
            verdicts: report.verdicts.iter().filter(|verdict| of_chapter(&verdict.id)).collect(),
            figures: figures.collect(),
        }
    };
    let all = CHAPTERS.iter().map(content);
    all.filter(|content| !(content.verdicts.is_empty() && content.figures.is_empty())).collect()
}

/// Verdicts whose ids begin with no chapter's letter.
pub(super) fn others<'a>(report: &Report<'a>) -> Vec<&'a Verdict> {
    let known = |id: &str| CHAPTERS.iter().any(|chapter| id.starts_with(chapter.family));
    report.verdicts.iter().filter(|verdict| !known(&verdict.id)).collect()
}

/// The letter of the chapter that a figure belongs to: that of the claim it shows first. Pictures of networks are together, and so
/// are those of the laws and losses themselves, which come from no analysis.
fn family(drawn: &DrawnFigure) -> char {
    let laws = CHAPTERS[0].family;
    let Some(results) = drawn.results.as_deref() else { return laws };
    let analysis = &results.experiment.analysis;
    if analysis.training.is_some() {
        return 'N';
    }
    first_claim(drawn).and_then(|id| id.chars().next()).filter(|letter| has_chapter(*letter)).unwrap_or(laws)
}

fn has_chapter(letter: char) -> bool {
    CHAPTERS.iter().any(|chapter| chapter.family == letter)
}

/// The claim that a figure shows first.
fn first_claim(drawn: &DrawnFigure) -> Option<&str> {
    let analysis = &drawn.results.as_deref()?.experiment.analysis;
    let plan = analysis.figure.iter().find(|plan| plan.id == drawn.figure.id)?;
    plan.claims.first().map(String::as_str)
}

impl Content<'_> {
    fn anchor(&self) -> String {
        format!("chapter-{}", self.chapter.family)
    }

    /// Each claim, then the figures that show it first; figures of none are at the end.
    pub(super) fn html(&self, report: &Report) -> Result<String, ReportError> {
        let figures = |wanted: &dyn Fn(&DrawnFigure) -> bool| -> Result<String, ReportError> {
            let shown = self.figures.iter().filter(|(_, drawn)| wanted(drawn));
            shown.map(|&(place, drawn)| results::figure(place, drawn, report.verdicts)).collect()
        };
        let mut html = format!("<p>{}</p>\n", escape(self.chapter.introduction));
        for verdict in &self.verdicts {
            html += &verdicts::detail(verdict);
            html += &figures(&|drawn| first_claim(drawn) == Some(&verdict.id))?;
        }
        let is_of_claim =
            |drawn: &DrawnFigure| self.verdicts.iter().any(|verdict| first_claim(drawn) == Some(&verdict.id));
        html += &figures(&|drawn| !is_of_claim(drawn))?;
        html += &results::tables(self.figures.iter().map(|&(_, drawn)| drawn));
        Ok(section(&self.anchor(), self.chapter.title, &html))
    }

    /// The entry in the contents of the page.
    pub(super) fn entry(&self) -> String {
        let claims = each(&self.verdicts, |verdict| {
            format!("<li><a href=\"#{}\">{}</a></li>\n", verdicts::anchor(verdict), verdicts::name(verdict))
        });
        let figures = each(&self.figures, |(_, drawn)| {
            let figure = &drawn.figure;
            format!("<li><a href=\"#{}\">Fig. {}</a></li>\n", results::anchor(figure), results::name(figure))
        });
        format!(
            "<li><a href=\"#{}\">{}</a>\n<ul>\n{claims}{figures}</ul></li>\n",
            self.anchor(),
            escape(self.chapter.title)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::claim_ids;

    #[test]
    fn every_claim_has_a_chapter_and_every_chapter_a_claim() {
        let ids = claim_ids();
        assert!(ids.iter().all(|id| id.chars().next().is_some_and(has_chapter)));
        assert!(CHAPTERS.iter().all(|chapter| ids.iter().any(|id| id.starts_with(chapter.family))));
    }
}
