//! The page on one screen: what was asked, what holds, what was found against expectation, and what that means in practice.

use super::markup::{each, escape, prose};
use super::verdicts;
use crate::claims::Verdict;

/// A finding and the claims that say it.
struct Point {
    text: &'static str,
    claims: &'static [&'static str],
}

/// Findings side by side with others.
struct Column {
    title: &'static str,
    points: &'static [Point],
}

static COLUMNS: [Column; 2] = [
    Column { title: "Found against expectation", points: &UNEXPECTED },
    Column { title: "If your classes are imbalanced", points: &IN_PRACTICE },
];

static UNEXPECTED: [Point; 5] = [
    Point {
        text: "Inverse-frequency weights make the two mean errors of two classes equal. From three classes on they do not: with the same \
               sizes and weights there are data for any shares of outflow of which none is above one half.",
        claims: &["B3", "I3", "I6"],
    },
    Point {
        text: "More weight on a class never raises its own mean log loss at the minimum (with a penalty: loss and penalty together), and can \
               lower its own mean probability all the same.",
        claims: &["W3", "W4"],
    },
    Point {
        text: "A one-vs-all loss can obey its law and give up a rare hard class: the average over all others hides it.",
        claims: &["A2", "A3"],
    },
    Point {
        text: "Where a head can separate the training data, a class weight loses its effect on recall as the penalty vanishes.",
        claims: &["S1", "S3"],
    },
    Point {
        text: "The balance holds on the training data alone; on other data it is off by chance and by a bias. Both are predicted well while \
               there are many samples per feature.",
        claims: &["T1", "T2"],
    },
];

static IN_PRACTICE: [Point; 4] = [
    Point {
        text: "Two classes: the ratio of the two mean errors on the training data is yours to choose, whatever the data. Set the weights to the \
               ratio you want.",
        claims: &["B2"],
    },
    Point {
        text: "Three classes or more: do not expect inverse-frequency weights to give equal recall. Measure, and choose weights for the \
               target: equipoise weights does.",
        claims: &["I3", "I4", "W1"],
    },
    Point {
        text: "A rare class that resembles another one: with one-vs-all losses look at each class’s mean, not at the average; LGL-INR bounds the \
               worst of them in its detached form.",
        claims: &["A2", "R3", "R4"],
    },
    Point {
        text: "Features that separate the training data, as those of large networks may: a class weight does only what the penalty leaves it. \
               Judge by recall on held-out data.",
        claims: &["S1", "S3"],
    },
];

/// The whole summary; a finding appears where all its claims were checked, and says so where one of them fails.
pub(super) fn summary(all: &[Verdict]) -> String {
    let judged = verdicts::summary(all);
    let columns = each(&COLUMNS, |column| column.html(all));
    format!(
        "<h2>What was asked</h2>\n<p>What does a classifier converge to when its classes differ in size, and what do class weights change? The \
         mean probabilities that it predicts for its training data then obey exact laws. Each was checked on problems solved until \
         their gradient is zero to rounding, and again at points that are not solved, where it has to fail.</p>\n\
         <h2>What holds</h2>\n{judged}<div class=\"findings\">\n{columns}</div>\n"
    )
}

impl Column {
    /// Nothing where no finding was checked.
    fn html(&self, all: &[Verdict]) -> String {
        let points = each(self.points, |point| point.html(all).unwrap_or_default());
        if points.is_empty() {
            return String::new();
        }
        format!("<div>\n<h2>{}</h2>\n<ul>\n{points}</ul>\n</div>\n", self.title)
    }
}

impl Point {
    /// `None` where not all of its claims were checked.
    fn html(&self, all: &[Verdict]) -> Option<String> {
        let verdict = |id: &&str| all.iter().find(|verdict| verdict.id == *id);
        let verdicts: Vec<&Verdict> = self.claims.iter().map(verdict).collect::<Option<_>>()?;
        let links: Vec<String> = verdicts.iter().map(|verdict| link(verdict)).collect();
        let holds = verdicts.iter().all(|verdict| verdict.holds);
        let fails = if holds { "" } else { " <span class=\"bad\">✗ not in this run</span>" };
        Some(format!("<li>{} <small>{}</small>{fails}</li>\n", prose(self.text), links.join(", ")))
    }
}

fn link(verdict: &Verdict) -> String {
    format!(
        "<a href=\"#{}\" title=\"{}\">{}</a>",
        verdicts::anchor(verdict),
        escape(&verdict.title),
        escape(&verdict.id)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::claim_ids;

    #[test]
    fn every_claim_that_is_named_is_there() {
        let ids = claim_ids();
        let named = COLUMNS.iter().flat_map(|column| column.points).flat_map(|point| point.claims);
        for id in named {
            assert!(ids.contains(id), "{id}");
        }
    }
}
