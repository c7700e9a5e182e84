#!/usr/bin/env python3
"""Deliberate faults in laws, ledger, polytope and losses: does `equipoise verify` see them?

    tests/mutations/run.py [--only 3,7] [--work DIR] [--write docs/mutations.md]

Each fault replaces one piece of text in a copy of the sources. The copy is built, `verify --quick` has to end with code 1, and
the claims that failed are noted. A fault that does not compile, or whose text is not found exactly once, is an error of this
list. Ends with code 1 if a fault is not seen. `--work` keeps the copy, so that a second run builds faster.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# The table in the document is between these lines.
BEGIN, END = "<!-- mutations -->\n", "<!-- end of mutations -->\n"
ROOT = pathlib.Path(__file__).resolve().parents[2]
COPIED = ["src", "analyses", "assets", "figures", "docs", "Cargo.toml", "Cargo.lock", "build.rs", "examples", "benches", "tests"]
LAWS, LEDGER, POLYTOPE = "src/balance/laws.rs", "src/balance/ledger.rs", "src/balance/polytope.rs"
MEANS, HELD_OUT = "src/balance/mean_probability.rs", "src/balance/held_out.rs"

# What is wrong, the file, the text, and what takes its place.
FAULTS = [
    ("B1 forgets the weight of the positives", LAWS,
     "relative_difference(mass[1] * means.shortfall[1], mass[0] * means.matrix[(0, 1)])",
     "relative_difference(targets.sizes()[1] * means.shortfall[1], mass[0] * means.matrix[(0, 1)])"),
    ("B2 forgets the class weights", LAWS,
     "(means.shortfall[1] / means.matrix[(0, 1)], mass[0] / mass[1])",
     "(means.shortfall[1] / means.matrix[(0, 1)], mass[0] / mass[1] * targets.class_weights()[1])"),
    ("B4 has the penalty's gap with the wrong sign", LAWS,
     "let gap = positive - negative - penalty_gap;", "let gap = positive - negative + penalty_gap;"),
    ("B4 weighs positives by p and not by 1 - p", LAWS,
     "if class == 1 { sigmoid.complement } else { sigmoid.probability }", "sigmoid.probability"),
    ("B5 counts samples in place of their weights", LAWS,
     "let (classes, mass) = (targets.classes(), targets.mass());",
     "let (classes, mass) = (targets.classes(), targets.sizes());"),
    ("B6 reads the pair weights transposed", LAWS,
     "pair_weights[(c, k)] * targets.sizes()[c]", "pair_weights[(k, c)] * targets.sizes()[c]"),
    ("A1 divides by all samples and not by the others", LAWS,
     "(size * means.shortfall[k], (total - size) * columns[k].pooled)",
     "(size * means.shortfall[k], total * columns[k].pooled)"),
    ("I2 adds up rows, which always sum to one", LAWS,
     "means.matrix.column_iter().map(|column| column.sum() - 1.0)",
     "means.matrix.row_iter().map(|column| column.sum() - 1.0)"),
    ("R1 has twice the sharpness", LAWS,
     """        let omega = column_weights(means, beta, k);
        (means.shortfall[k], sum_over_others""",
     """        let omega = column_weights(means, 2.0 * beta, k);
        (means.shortfall[k], sum_over_others"""),
    ("R2 subtracts the term of the attached weights", LAWS, "inflow + moved, negative)", "inflow - moved, negative)"),
    ("R3 has no slack", LAWS, "column.hardest - means.shortfall[k] - slack", "column.hardest - means.shortfall[k]"),
    ("R3's excess is never positive", LAWS,
     "covered.then(|| column.hardest - means.shortfall[k] - slack)", "covered.then_some(-slack)"),
    ("every relative difference is zero", LAWS,
     "if left == 0.0 && right == 0.0 { 0.0 } else { (left - right).abs() / size }", "0.0 * (left - right).abs() / size"),
    ("a ledger's difference has the wrong sign", LEDGER,
     "Self { outflow, inflow, difference: outflow - inflow, residual }",
     "Self { outflow, inflow, difference: inflow - outflow, residual }"),
    ("the ledger counts a column's own samples among the others", LEDGER,
     "if label as usize == loss.target_of(row) {", "if label as usize == (loss.target_of(row) + 1) % rows.max(2) {"),
    ("I4's lower bound is 0.03 too high", POLYTOPE,
     "let low = (other - rest).max(0.0);", "let low = (other - rest).max(0.0) + 0.03 * own;"),
    ("I4's upper bound is the larger mass", POLYTOPE, "high: own.min(other) / own", "high: own.max(other) / own"),
    ("measured entries never lie outside their bounds", POLYTOPE, "[low - measured, measured - high]",
     "[0.0 * (low - measured), 0.0 * (measured - high)]"),
    ("I3 lets a class lose twice what the others do", POLYTOPE,
     "if outflow > others + slack * total {", "if outflow > 2.0 * others + slack * total {"),
    ("I3's pairs leave a tenth out", POLYTOPE,
     "flows[(second, first)] += amount;", "flows[(second, first)] += 0.9 * amount;"),
    ("mean probabilities are divided by the largest class", MEANS,
     "let matrix = sums.means(targets.sizes());",
     "let matrix = sums.means(&vec![targets.sizes().iter().copied().fold(0.0, f64::max); classes]);"),
    ("softmax ignores class weights", "src/loss/softmax.rs",
     "targets.class_weights().iter().map(|weight| weight / self.total_mass).collect()",
     "targets.class_weights().iter().map(|_| 1.0 / self.total_mass).collect()"),
    ("logistic loss's residual is 1% too large", "src/loss/pair_weights.rs",
     "*z = weight * Sigmoid::of(*z).probability;", "*z = 1.01 * weight * Sigmoid::of(*z).probability;"),
    ("LGL-INR's attached weights have no gradient", "src/loss/inr.rs",
     "self.beta * at.omega[class] * (at.loss[class] - at.mean_loss) / size;",
     "0.0 * at.omega[class] * (at.loss[class] - at.mean_loss) / size;"),
    ("LGL-INR weighs the easiest class most", "src/loss/inr.rs",
     "omega[class] = (beta * (p - largest)).exp();", "omega[class] = (-beta * (p - largest)).exp();"),
    ("focal loss's factor lacks its second term", "src/loss/focal.rs",
     "complement.powf(self.gamma) - self.gamma * probability * complement.powf(self.gamma - 1.0) * log",
     "complement.powf(self.gamma) + 0.0 * (probability * log)"),
    ("label smoothing spreads over one class too few", "src/loss/smoothed.rs",
     "let uniform = smoothing / classes as f64;", "let uniform = smoothing / (classes - 1) as f64;"),
    ("sigmoid focal loss has the wrong slope", "src/loss/power_logistic.rs",
     "self.power_of(p) * (self.power * p.complement * softplus(z) + p.probability)",
     "self.power_of(p) * (self.power * p.probability * softplus(z) + p.probability)"),
    ("logit adjustment subtracts log frequencies", "src/loss/shifted.rs",
     "strength * (size / total).ln()", "-strength * (size / total).ln()"),
    ("seesaw mitigates frequent classes and not rare ones", "src/loss/seesaw.rs",
     "(self.log_counts[j] - self.log_counts[class]).min(0.0);", "(self.log_counts[class] - self.log_counts[j]).min(0.0);"),
    ("the sum rule lacks the diagonal", "src/balance/weight_effects.rs",
     "if j == k { mass[j] * means.shortfall[j] } else { -mass[j] * means.matrix[(j, k)] };",
     "-mass[j] * means.matrix[(j, k)];"),
    ("the effect of a weight lacks the mean over classes", "src/balance/weight_effects.rs",
     "*moved = p * ((dz - change[0]) - mean);", "*moved = p * (dz - change[0]);"),
    ("batches are drawn as if every class were there", "src/balance/mini_batch.rs",
     "let seen = if c == k { self.present[k] } else { self.weight[(c, k)] };",
     "let seen = if c == k { 1.0 } else { self.weight[(c, k)] };"),
    ("T1 forgets the training sample's variance", HELD_OUT,
     "1.0 / training.sizes()[c] + 1.0 / test.sizes()[c]", "1.0 / test.sizes()[c]"),
    ("T2 has the wrong sign", HELD_OUT, "reach * weight(sample) * residual / (1.0 - leverage)",
     "-reach * weight(sample) * residual / (1.0 - leverage)"),
]


def copy_sources(work):
    for name in COPIED:
        source, target = ROOT / name, work / name
        if source.is_dir():
            # Times are kept, so that cargo builds anew only what a fault changed.
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, target)


def build(work):
    environment = dict(os.environ, CARGO_TARGET_DIR=str(work / "target"))
    done = subprocess.run(
        ["cargo", "build", "--quiet", "--locked", "--bin", "equipoise"], cwd=work, env=environment, capture_output=True, text=True
    )
    return None if done.returncode == 0 else done.stderr


def verify(work):
    """Code, and ids of the claims that fail."""
    program = work / "target/debug/equipoise"
    done = subprocess.run([program, "verify", "--quick", "--format", "json"], cwd=work, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"verify: code {done.returncode}: {done.stderr.strip()}")
    record = json.loads(done.stdout)
    verdicts = record["claims"] if isinstance(record, dict) else record
    return done.returncode, [verdict["id"] for verdict in verdicts if not verdict["holds"]]


def check(work, number, fault):
    what, name, old, new = fault
    file = work / name
    original = file.read_text()
    if original.count(old) != 1:
        sys.exit(f"fault {number} ({what}): its text is {original.count(old)} times in {name}, not once")
    file.write_text(original.replace(old, new))
    try:
        trouble = build(work)
        if trouble:
            sys.exit(f"fault {number} ({what}) does not compile:\n{trouble}")
        return verify(work)
    finally:
        file.write_text(original)


def table(rows):
    lines = ["| fault | file | caught by |", "| --- | --- | --- |"]
    for what, name, ids in rows:
        shown = ", ".join(ids[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")
        lines.append(f"| {what} | `{name.removeprefix('src/')}` | {shown or '**not caught**'} |")
    return "\n".join(lines) + "\n"


def write(document, text):
    page = document.read_text()
    before, rest = page.split(BEGIN)
    document.write_text(before + BEGIN + text + END + rest.split(END)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="numbers of faults, from 1")
    parser.add_argument("--work", type=pathlib.Path, help="directory for the copy")
    parser.add_argument("--write", type=pathlib.Path, help="document whose table is replaced")
    arguments = parser.parse_args()
    chosen = list(enumerate(FAULTS, 1))
    if arguments.only:
        numbers = {int(number) for number in arguments.only.split(",")}
        chosen = [entry for entry in chosen if entry[0] in numbers]
    with tempfile.TemporaryDirectory(prefix="equipoise-mutations-") as temporary:
        work = arguments.work or pathlib.Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        copy_sources(work)
        trouble = build(work)
        if trouble:
            sys.exit(f"the sources do not compile:\n{trouble}")
        code, failing = verify(work)
        if code != 0:
            sys.exit(f"without a fault, verify fails: {', '.join(failing)}")
        print("0 without a fault: all claims hold", flush=True)
        rows = []
        for number, fault in chosen:
            code, failing = check(work, number, fault)
            rows.append((fault[0], fault[1], failing if code == 1 else []))
            print(f"{number} {fault[0]}: {', '.join(rows[-1][2]) or 'NOT CAUGHT'}", flush=True)
    if arguments.write:
        write(arguments.write, table(rows))
    missed = [what for what, _, ids in rows if not ids]
    print(f"{len(rows) - len(missed)} of {len(rows)} faults caught")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
