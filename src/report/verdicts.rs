//! The verdict table and what is to be said about each claim.

use super::escape::{escape, scientific};
use crate::claims::{Finding, Verdict};

/// The sentence that sums all verdicts up.
pub(super) fn summary(verdicts: &[Verdict]) -> String {
    let holding = verdicts.iter().filter(|verdict| verdict.holds).count();
    let setups: usize = verdicts.iter().map(|verdict| verdict.setups).sum();
    let worst = verdicts.iter().filter_map(|verdict| verdict.worst.residual).fold(0.0, f64::max);
    let (caught, points) = verdicts.iter().fold((0, 0), |(caught, points), verdict| {
        (caught + verdict.control.violated, points + verdict.control.points)
    });
    let class = if holding == verdicts.len() { "holds" } else { "fails" };
    format!(
        "<p class=\"summary {class}\"><strong>{holding} of {} claims hold</strong> over {setups} solved set-ups. Worst \
         relative residual: {}. Of {points} control points, {caught} were reported as violating their law.</p>\n",
        verdicts.len(),
        scientific(worst)
    )
}

/// One row per claim.
pub(super) fn table(verdicts: &[Verdict]) -> String {
    let rows: String = verdicts.iter().map(row).collect();
    format!(
        "<section id=\"verdicts\"><h2>Verdicts</h2>\n{}<div class=\"scroll\"><table><thead><tr><th>claim</th><th>verdict</th>\
         <th>worst residual</th><th>tolerance</th><th>set-ups</th><th>controls caught</th><th>statement</th></tr></thead>\
         <tbody>\n{rows}</tbody></table></div></section>\n",
        summary(verdicts)
    )
}

fn row(verdict: &Verdict) -> String {
    let word = if verdict.holds {
        "<td class=\"holds\">✓ holds</td>"
    } else {
        "<td class=\"fails\">✗ fails</td>"
    };
    let worst = verdict.worst.residual.map_or_else(|| "unsolved".to_owned(), scientific);
    let id = escape(&verdict.id);
    format!(
        "<tr><td><a href=\"#claim-{id}\">{id}</a></td>{word}<td class=\"number\">{worst}</td><td class=\"number\">{}</td>\
         <td class=\"number\">{}</td><td class=\"number\">{} of {}</td><td>{}</td></tr>\n",
        scientific(verdict.tolerance),
        verdict.setups,
        verdict.control.violated,
        verdict.control.points,
        escape(&verdict.statement)
    )
}

/// Worst set-up, failures and further measurements of each claim.
pub(super) fn details(verdicts: &[Verdict]) -> String {
    let claims: String = verdicts.iter().map(detail).collect();
    format!("<section id=\"details\"><h2>Claim by claim</h2>\n{claims}</section>\n")
}

fn detail(verdict: &Verdict) -> String {
    let id = escape(&verdict.id);
    let mut items: Vec<String> = verdict.measured.iter().map(|sentence| escape(sentence)).collect();
    items.push(format!("worst set-up: {}", finding(&verdict.worst)));
    items.extend(
        verdict
            .control
            .smallest_residual
            .map(|least| format!("smallest residual of a control: {}", scientific(least))),
    );
    if verdict.penalised > 0 {
        items.push(format!(
            "{} set-ups were separable and solved with a small penalty instead",
            verdict.penalised
        ));
    }
    items.extend(
        verdict.failures.iter().map(|failure| format!("<strong>failed:</strong> {}", finding(failure))),
    );
    let items: String = items.into_iter().map(|item| format!("<li>{item}</li>\n")).collect();
    format!("<h3 id=\"claim-{id}\">{id}</h3>\n<p>{}</p>\n<ul>\n{items}</ul>\n", escape(&verdict.statement))
}

fn finding(finding: &Finding) -> String {
    let measured = match (&finding.unsolved, finding.residual) {
        (Some(why), _) => escape(why),
        (None, Some(residual)) => format!("residual {}", scientific(residual)),
        (None, None) => "nothing measured".to_owned(),
    };
    format!("{} ({measured}); rerun it with <code>{}</code>", escape(&finding.setup), escape(&finding.rerun))
}
