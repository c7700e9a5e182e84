#!/usr/bin/env python3
"""What `--estimate` predicts beside what a run takes: processor time and memory, on one thread.

    benches/estimates.py PROGRAM [--write docs/scale.md]

PROGRAM is a release build of equipoise. Every shipped analysis is run once, with drawing, and so are some designs that are larger
than any of them.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from common import ROOT, machine

# The table in the document is between these lines.
BEGIN, END = "<!-- estimates -->\n", "<!-- end of estimates -->\n"
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "bytes": 2.0**-20, "KiB": 2.0**-10, "MiB": 1.0, "GiB": 2.0**10}

DESIGN = """
name = "{name}"
title = "A design that is larger than any shipped one"
seed = 1
penalty = 1e-4
measure = ["residual"]

[data.gaussian]
means = {{ random = {{ classes = {classes}, dimension = {features}, spread = {spread} }} }}
counts = {{ exponential = {{ largest = {largest}, ratio = 10.0 }} }}

[[series]]
loss = "{loss}"
"""

# Loss, classes, features, samples of the largest class, distance of the classes' means.
LARGER = [
    ("softmax", 20, 16, 20_000, 0.5),
    ("softmax", 100, 128, 1_000, 0.15),
    ("softmax", 400, 128, 200, 0.15),
    ("softmax", 100, 512, 1_000, 0.1),
    ("logistic", 100, 128, 1_000, 0.15),
    ("logistic", 20, 512, 4_000, 0.1),
]


def quantity(pattern, text):
    """A quantity of some unit, in seconds or MiB."""
    found = re.search(pattern + r"\s+(?:about |at most )?([\d.e+-]+) (\w+)", text)
    return float(found.group(1)) * UNITS[found.group(2)] if found else None


def run(program, arguments, place):
    """Output, seconds of processor time and MiB at most of a command."""
    output = Path(place) / "output"
    with output.open("w") as file:
        process = subprocess.Popen([program, *arguments], cwd=place, stdout=file, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(arguments)}: {output.read_text()}")
    return output.read_text(), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024.0


def row(program, name, what, place):
    predicted = run(program, ["--threads", "1", "run", what, "--estimate"], place)[0]
    memory = quantity("memory on as many", predicted)
    _, seconds, peak = run(program, ["--threads", "1", "run", what, "--out", name, "--format", "svg"], place)
    cells = [name, f"{quantity('processor time', predicted):.2g}", f"{seconds:.2g}", "" if memory is None else f"{memory:.0f}"]
    print(*cells, f"{peak:.0f}", flush=True)
    return [*cells, f"{peak:.0f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this document")
    options = parser.parse_args()
    program = str(options.program.resolve())
    with tempfile.TemporaryDirectory(prefix="equipoise-estimates-") as place:
        shipped = run(program, ["analyses"], place)[0].splitlines()[1:]
        rows = [row(program, line.split()[0], line.split()[0], place) for line in shipped]
        for loss, classes, features, largest, spread in LARGER:
            name = f"{loss} {classes} x {features}"
            file = Path(place) / "larger.toml"
            text = DESIGN.format(
                name="larger", loss=loss, classes=classes, features=features, largest=largest, spread=spread
            )
            file.write_text(text)
            rows.append(row(program, name, str(file), place))
    head = ["analysis", "predicted s", "measured s", "predicted MiB", "measured MiB at most"]
    lines = [f"| {' | '.join(cells)} |" for cells in [head, ["---", *["---:"] * 4], *rows]]
    table = "\n".join([f"{machine()}", "", *lines]) + "\n"
    if options.write:
        before, rest = (ROOT / options.write).read_text().split(BEGIN)
        after = rest.split(END)[1]
        (ROOT / options.write).write_text(before + BEGIN + table + END + after)


if __name__ == "__main__":
    main()
