#!/usr/bin/env python3
"""Deliberate faults in laws, ledger, polytope, losses, certificate and more: does `equipoise verify --quick` see them?

    tests/mutations/run.py [--only 3,7 | --missing] [--work DIR] [--write docs/mutations.md]
    tests/mutations/run.py --check docs/mutations.md

All faults are built into a copy of the sources, and one is chosen at a time: the copy has no features and therefore not the claims
about networks. The quick check has to fail, and the claims that failed are noted. A fault whose text is not found exactly once
is an error of this list. Ends with code 1 if a fault is not seen. `--work` keeps the copy, so that a second run builds faster.

`--write` enters each fault in the document as soon as it was run, and keeps what is there of the others; `--missing` runs those that
are not there yet. Faults that are no longer in this list are taken out. `--check` builds nothing: it looks whether the sources still have
the text of each fault once, and the document a row for each.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# The table in the document is between these lines.
BEGIN, END = "<!-- mutations -->\n", "<!-- end of mutations -->\n"
ROOT = pathlib.Path(__file__).resolve().parents[2]
COPIED = [
    "src", "crates", "analyses", "assets", "figures", "docs", "Cargo.toml", "Cargo.lock", "build.rs", "examples", "benches", "tests", "python", "web",
]
LAWS, LEDGER, POLYTOPE = "crates/core/src/balance/laws.rs", "crates/core/src/balance/ledger.rs", "crates/core/src/balance/polytope.rs"
MEANS, HELD_OUT, EFFECTS = "crates/core/src/balance/mean_probability.rs", "crates/core/src/balance/held_out.rs", "crates/core/src/balance/weight_effects.rs"
MINI_BATCH, CERTIFICATE = "crates/core/src/balance/mini_batch.rs", "crates/core/src/solver/recomputed.rs"

# What is wrong, the file, a text that is there once with the expression that is at fault between [[ and ]], and what takes its place.
FAULTS = [
    ("B1 forgets the weight of the positives", LAWS,
     "relative_difference([[mass[1]]] * means.shortfall[1]", "targets.sizes()[1]"),
    ("B2 forgets the class weights", LAWS,
     "means.matrix[(0, 1)], [[mass[0] / mass[1]]])", "targets.sizes()[0] / targets.sizes()[1]"),
    ("B4 has the penalty's gap with the wrong sign", LAWS,
     "let gap = [[positive - negative - penalty_gap]];", "positive - negative + penalty_gap"),
    ("B4 weighs positives by p and not by 1 - p", LAWS,
     "if class == 1 { [[sigmoid.complement]] }", "sigmoid.probability"),
    ("B5 counts samples in place of their weights", LAWS,
     "let (classes, mass) = (targets.classes(), [[targets.mass()]]);", "targets.sizes()"),
    ("B6 reads the pair weights transposed", LAWS,
     "[[pair_weights[(c, k)]]] * targets.sizes()[c]", "pair_weights[(k, c)]"),
    ("A1 divides by all samples and not by the others", LAWS,
     "(size * means.shortfall[k], [[(total - size)]] * columns[k].pooled)", "total"),
    ("I2 adds up rows, which always sum to one", LAWS,
     "[[largest_magnitude(means.matrix.column_iter().map(|column| column.sum() - 1.0))]]",
     "largest_magnitude(means.matrix.row_iter().map(|row| row.sum() - 1.0))"),
    ("R1 has twice the sharpness", LAWS,
     """        let omega = column_weights(means, [[beta]], k);
        (means.shortfall[k], sum_over_others""", "2.0 * beta"),
    ("R2 subtracts the term of the attached weights", LAWS, "[[inflow + moved]], negative)", "inflow - moved"),
    ("R3's slack is half of what it should be", LAWS, "let slack = [[((targets.classes() - 1) as f64).ln() / beta]];",
     "((targets.classes() - 1) as f64).ln() / (2.0 * beta)"),
    ("R3's excess is never positive", LAWS, "covered.then(|| [[column.hardest - means.shortfall[k] - slack]])", "-slack"),
    ("every relative difference is zero", LAWS,
     "{ 0.0 } else { [[(left - right).abs() / size]] }", "0.0 * size"),
    ("the ledger counts the samples of another class as its own", LEDGER,
     "if label as usize == [[loss.target_of(row)]] {", "(loss.target_of(row) + 1) % 2"),
    ("I4's lower bound is 0.03 too high", POLYTOPE,
     "let low = [[(other - rest).max(0.0)]];", "(other - rest).max(0.0) + 0.03 * own"),
    ("I4's upper bound is the larger mass", POLYTOPE, "high: [[own.min(other)]] / own", "own.max(other)"),
    ("measured entries never lie outside their bounds", POLYTOPE, "[[[low - measured, measured - high]]]", "[low - high; 2]"),
    ("I3 lets a class lose twice what the others do", POLYTOPE,
     "if outflow > [[others]] + slack * total {", "2.0 * others"),
    ("I3's pairs leave a tenth out", POLYTOPE, "flows[(second, first)] += [[amount]];", "0.9 * amount"),
    ("mean probabilities are divided by the largest class", MEANS,
     "let matrix = [[self.sums.means(sizes)]];",
     "self.sums.means(&vec![sizes.iter().copied().fold(0.0, f64::max); sizes.len()])"),
    ("softmax ignores class weights", "crates/core/src/loss/softmax.rs",
     "targets.class_weights().iter().map(|weight| [[weight / self.total_mass]]).collect()", "1.0 / self.total_mass + 0.0 * weight"),
    ("LGL-INR divides by all samples and not by those of the class", "crates/core/src/loss/inr.rs",
     "weight[(class, index)] = omega / [[size]];", "targets.total_size()"),
    ("logistic loss's residual is 1% too large", "crates/core/src/loss/columns.rs",
     "*z = [[weight * Sigmoid::of(*z).probability]];", "1.01 * weight * Sigmoid::of(*z).probability"),
    ("LGL-INR's attached weights have no gradient", "crates/core/src/loss/inr.rs",
     "[[self.beta]] * at.omega[class] * (at.loss[class] - at.mean_loss) / size;", "0.0"),
    ("LGL-INR weighs the easiest class most", "crates/core/src/loss/inr.rs",
     "omega[class] = [[(beta * (p - largest)).exp()]];", "(beta * (largest - p)).exp()"),
    ("focal loss's factor lacks its second term", "crates/core/src/loss/focal.rs",
     "complement.powf(self.gamma) - [[self.gamma]] * probability", "0.0"),
    ("label smoothing spreads over one class too few", "crates/core/src/loss/smoothed.rs",
     "let uniform = smoothing / [[classes as f64]];", "(classes - 1) as f64"),
    ("sigmoid focal loss has the wrong slope", "crates/core/src/loss/power_logistic.rs",
     "self.power_of(p) * (self.power * [[p.complement]] * softplus(z) + p.probability)", "p.probability"),
    ("logit adjustment subtracts log frequencies", "crates/core/src/loss/shifted.rs",
     "[[strength]] * (size / total).ln()", "-strength"),
    ("seesaw mitigates frequent classes and not rare ones", "crates/core/src/loss/seesaw.rs",
     "[[(self.log_counts[j] - self.log_counts[class])]].min(0.0);", "self.log_counts[class] - self.log_counts[j]"),
    ("the sum rule lacks the diagonal", EFFECTS,
     "if j == k { [[mass[j] * means.shortfall[j]]] }", "-mass[j] * means.matrix[(j, k)]"),
    ("the effect of a weight lacks the mean over classes", EFFECTS,
     "*moved = p * ((dz - change[0]) - [[mean]]);", "0.0"),
    ("a rare class is in every batch", MINI_BATCH,
     "let seen = if c == k { [[self.present[k]]] }", "1.0"),
    ("T1 forgets the training sample's variance", HELD_OUT,
     "[[1.0 / training.sizes()[c]]] + 1.0 / test.sizes()[c]", "0.0"),
    ("T2 has the wrong sign", HELD_OUT, "kept.lu().solve(&(response * [[gradient]]))", "-gradient"),
    ("A2's bound counts all samples as the target's", MEANS,
     "let bound = ([[sizes[target]]] * means.shortfall[target]", "total"),
    ("I3 does not look at the mass", POLYTOPE, "outflow <= [[mass * (1.0 + slack)]])", "f64::INFINITY * mass"),
    ("I3 lets a class lose four percent more than the others", POLYTOPE, "+ [[slack * total]] {", "0.04 * total"),
    ("the bound on an outflow forgets what the others can take", POLYTOPE,
     "self.mass[class].min([[self.total - self.mass[class]]])", "self.total"),
    ("flows do not count class weights", MEANS,
     "[[targets.mass()[class]]] * self.matrix[(class, predicted)]", "targets.sizes()[class]"),
    ("R2 takes the mean of p for that of p (1 - p)", MEANS,
     "variance.add(class, weight, column.iter().map(|&z| [[Sigmoid::of(z).slope()]]));", "Sigmoid::of(z).probability"),
    ("the ledger is not in units of mass", LEDGER,
     "[outflow, inflow].map(|sum| [[sum.value() * denominator]]);", "sum.value()"),
    ("the certificate forgets the penalty", CERTIFICATE, "totals.add_penalty(&self.head, [[*l2]]);", "0.0 * l2"),
    ("the certificate takes the next class for the column's", CERTIFICATE,
     "let target = [[problem.loss.target_of(column)]];", "(problem.loss.target_of(column) + 1) % 2"),
    ("the certificate sees a thousandth of the gradient", CERTIFICATE,
     "self.gradient[(row, column)].value() / [[of_row(row)]])", "(1000.0 * of_row(row))"),
    ("T1 weighs variances by masses and not by their squares", HELD_OUT,
     "[[mass[c].powi(2)]] * variance[(c, k)] * draws", "mass[c]"),
    ("T1 takes the mean square for the variance", HELD_OUT,
     "let off = pair.probability - [[means.matrix[(class, k)]]];", "0.0"),
    ("T1 takes the held-out sample to be as large as the training sample", HELD_OUT,
     "+ [[1.0 / test.sizes()[c]]];", "1.0 / training.sizes()[c]"),
    ("T2 forgets the leverage of the sample itself", HELD_OUT,
     "DMatrix::identity(columns, columns) - [[&response * self.curvature(weight, fitted)]];",
     "0.0 * (&response * self.curvature(weight, fitted))"),
    ("classes of a batch do not share their weight", MINI_BATCH, "scaled_tail(of, [[t]], of[0])", "1.0 + 0.0 * t"),
    ("batches have any number of samples", MINI_BATCH,
     "own[drawn] * others[self.batch() - drawn]).sum::<f64>() / [[self.total]]", "1.0"),
    ("LDAM's margin is the same for all classes", "crates/core/src/loss/shifted.rs", "(rarest / size).powf([[0.25]])", "0.0"),
    ("positive weights count samples of other classes", "crates/core/src/loss/logistic.rs",
     "if class == target { positive[target] } else { [[1.0]] }", "positive[target]"),
    ("equalization pushes rare columns, too", "crates/core/src/loss/logistic.rs",
     "if class != target && is_rare(target) { [[0.0]] } else { 1.0 }", "1.0"),
    ("the response to a weight forgets the penalty", "crates/core/src/solver/weight_response.rs",
     "force[(entry, column)] += [[fraction]] * penalty * theta[(entry, column)];", "0.0 * fraction"),
    ("inverse frequency is taken to the power of 0.9", "crates/core/src/loss/weights.rs",
     "labels.sizes().iter().map(|&size| [[equal_size / one_if_absent(size)]]).collect()",
     "(equal_size / one_if_absent(size)).powf(0.9)"),
    ("a log loss is that of the other side", "crates/core/src/balance/classification.rs",
     "softplus(if [[k == class]] { -z } else { z });", "k != class"),
    ("recall counts what is misclassified", "crates/core/src/balance/classification.rs",
     "if [[predicted_class(column.as_slice()) == label as usize]] {", "predicted_class(column.as_slice()) != label as usize"),
    ("the certificate's softmax takes the sum of all classes for that of the others", "crates/core/src/loss/precise.rs",
     "block.set(label as usize * block.stride + sample, [[-others.get(sample)]]);", "-total.get(sample)"),
]

# In the copy, every fault is built in and chosen by a variable: one build serves all.
CHOICE = """
/// Whether a deliberate fault was chosen, by its number.
pub(crate) fn fault(number: u32) -> bool {
    static CHOSEN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let chosen = || std::env::var("EQUIPOISE_FAULT").ok().and_then(|text| text.parse().ok());
    *CHOSEN.get_or_init(|| chosen().unwrap_or(0)) == number
}
"""


def copy_sources(work):
    for name in COPIED:
        source, target = ROOT / name, work / name
        if source.is_dir():
            # Times are kept, so that cargo builds anew only what a fault changed.
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, target)


def planted(root):
    """Sources with every fault built in, by file."""
    sources = {}
    for number, (what, name, text, new) in enumerate(FAULTS, 1):
        before, rest = text.split("[[", 1)
        old, after = rest.rsplit("]]", 1)
        plain = before + old + after
        source = sources.get(name) or (root / name).read_text()
        if source.count(plain) != 1:
            sys.exit(f"fault {number} ({what}): its text is {source.count(plain)} times in {name}, not once")
        chosen = f"{before}(if crate::fault({number}) {{ {new} }} else {{ {old} }}){after}"
        sources[name] = source.replace(plain, chosen)
    return sources


def plant(work):
    """Builds every fault into the copy."""
    for name, source in planted(work).items():
        (work / name).write_text(source)
    with (work / "crates/core/src/lib.rs").open("a") as library:
        library.write(CHOICE)
    # As a program, for an example would have the libraries of all tests built.
    manifest, example = work / "Cargo.toml", '[[example]]\nname = "verify_core"'
    manifest.write_text(manifest.read_text().replace(example, '[[bin]]\nname = "verify_core"'))


def check(document):
    """Ends with a reason if sources or document do not have every fault, or the document one that is not caught."""
    planted(ROOT)
    found = known(document)
    for what, name, _, _ in FAULTS:
        caught = found.get((what, name.removeprefix("crates/core/src/")))
        if caught in (None, NOT_CAUGHT):
            sys.exit(f"{document}: {what!r} is {'not caught' if caught else 'missing; run it with --missing'}")
    print(f"{len(FAULTS)} faults, each with its text and its row")


def build(work):
    environment = dict(os.environ, CARGO_TARGET_DIR=str(work / "target"))
    done = subprocess.run(
        ["cargo", "build", "--quiet", "--locked", "--no-default-features", "--bin", "verify_core"],
        cwd=work, env=environment, capture_output=True, text=True,
    )
    if done.returncode != 0:
        sys.exit(f"the faults do not compile:\n{done.stderr}")


def verify(work, number):
    """Ids of the claims that fail with a fault, or with none of number 0."""
    program = work / "target/debug/verify_core"
    environment = dict(os.environ, EQUIPOISE_FAULT=str(number))
    done = subprocess.run([program], cwd=work, env=environment, capture_output=True, text=True)
    # A fault may end in a panic, which nobody overlooks.
    return done.stdout.split() if done.returncode == 0 else ["the program ends in a panic"]


NOT_CAUGHT = "**not caught**"


def in_words(ids):
    return (", ".join(ids[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")) or NOT_CAUGHT


def known(document):
    """What caught each fault, by its row in a document."""
    rows = document.read_text().split(BEGIN)[1].split(END)[0].splitlines()
    cells = [row.strip("| ").split(" | ") for row in rows if row.startswith("| ")][2:]
    return {(what, name.strip("`")): caught for what, name, caught in cells}


def write(document, found):
    """Replaces the table of a document by the rows of all faults that were run, and says how many they are."""
    rows = [(what, name.removeprefix("crates/core/src/")) for what, name, _, _ in FAULTS]
    run = [row for row in rows if row in found]
    caught = sum(found[row] != NOT_CAUGHT for row in run)
    lines = [f"{len(run)} of the {len(rows)} faults of the list have been run; {caught} of them are caught.", ""]
    lines += ["| fault | file | caught by |", "| --- | --- | --- |"]
    lines += [f"| {what} | `{name}` | {found[(what, name)]} |" for what, name in run]
    page = document.read_text()
    before, rest = page.split(BEGIN)
    document.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + rest.split(END)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--only", help="numbers of faults, from 1")
    which.add_argument("--missing", action="store_true", help="faults that are not in the document of --write yet")
    which.add_argument("--check", type=pathlib.Path, help="document that has to have every fault; builds nothing")
    parser.add_argument("--work", type=pathlib.Path, help="directory for the copy")
    parser.add_argument("--write", type=pathlib.Path, help="document whose table is replaced")
    arguments = parser.parse_args()
    if arguments.check:
        return check(arguments.check)
    chosen = list(enumerate(FAULTS, 1))
    if arguments.only:
        numbers = {int(number) for number in arguments.only.split(",")}
        unknown = numbers - set(range(1, len(FAULTS) + 1))
        if unknown:
            parser.error(f"--only: there is no fault {min(unknown)}; they are 1 to {len(FAULTS)}")
        chosen = [entry for entry in chosen if entry[0] in numbers]
    found = known(arguments.write) if arguments.write else {}
    if arguments.missing:
        if not arguments.write:
            parser.error("--missing goes with --write, which names the document")
        chosen = [(number, fault) for number, fault in chosen if (fault[0], fault[1].removeprefix("crates/core/src/")) not in found]
    with tempfile.TemporaryDirectory(prefix="equipoise-mutations-") as temporary:
        work = arguments.work or pathlib.Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        copy_sources(work)
        plant(work)
        build(work)
        failing = verify(work, 0)
        if failing:
            sys.exit(f"without a fault, verify fails: {', '.join(failing)}")
        print("0 without a fault: all claims hold", flush=True)
        rows = []
        for number, fault in chosen:
            failing = verify(work, number)
            rows.append((fault[0], fault[1], failing))
            print(f"{number} {fault[0]}: {', '.join(failing) or 'NOT CAUGHT'}", flush=True)
            found[(fault[0], fault[1].removeprefix("crates/core/src/"))] = in_words(failing)
            if arguments.write:
                write(arguments.write, found)
    missed = [what for what, _, ids in rows if not ids]
    print(f"{len(rows) - len(missed)} of {len(rows)} faults caught")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
